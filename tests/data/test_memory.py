import pytest

from kerasrecipes.data import DataError, memory


def machine(monkeypatch, tmp_path, files):
    monkeypatch.setattr(memory, "_machine", lambda: 8000)
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({}, 8000),
        ({"memory.max": "max\n", "memory.current": "10\n"}, 8000),
        ({"memory.max": "5000\n", "memory.current": "1000\n"}, 4000),
        ({"memory.max": "5000\n", "memory.current": "6000\n"}, 0),
        (
            {
                "memory/memory.limit_in_bytes": "5000",
                "memory/memory.usage_in_bytes": "2000",
            },
            3000,
        ),
    ],
)
def test_the_smaller_of_machine_and_container_counts(monkeypatch, tmp_path, files, free):
    machine(monkeypatch, tmp_path, files)
    assert memory.available_memory() == free


def test_nothing_is_refused_where_the_system_does_not_tell(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    memory.require_memory(1e30, "`a`")


def test_what_does_not_fit_is_refused_with_both_numbers(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 2_000_000_000)
    memory.require_memory(2_000_000_000, "`a`")
    with pytest.raises(DataError, match=r"`a` takes about 3\.5 GB of memory.*2\.0 GB is free"):
        memory.require_memory(3_500_000_000, "`a`")
