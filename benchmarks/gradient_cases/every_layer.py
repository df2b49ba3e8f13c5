"""Every Keras layer with trainable weights that has a gradient in float64, and this library's."""

import functools
import inspect

import keras
from keras import layers

import kerasrecipes as kr

from .trial import between_kinks

STEPS, IMAGE, VOLUME = (4, 3), (4, 4, 2), (3, 3, 3, 1)
FILM = (2, 3, 3, 1)


def on_vectors(layer, shape=(3,), **options):
    return functools.partial(between_kinks, lambda x: layer()(x), shape, **options)


on_steps = functools.partial(on_vectors, shape=STEPS)
on_images = functools.partial(on_vectors, shape=IMAGE)
on_volumes = functools.partial(on_vectors, shape=VOLUME)


def pooled(layer, pool, shape):
    return functools.partial(between_kinks, lambda x: pool()(layer()(x)), shape)


def attended(layer):
    """Self-attention, then attention to the first two steps."""

    def build(x):
        return layer()([x, x[:, :2]])

    return functools.partial(between_kinks, build, STEPS)


def heads(layer):
    return functools.partial(between_kinks, lambda x: layer()(x, x, use_causal_mask=True), STEPS)


def masked(recurrent):
    def build(x):
        return recurrent()(layers.Embedding(4, 2, mask_zero=True)(x))

    return functools.partial(between_kinks, build, (4,), integers=4)


def reversed_embedding(x):
    embedding = layers.ReversibleEmbedding(4, 2)
    return embedding(embedding(x), reverse=True)


def stacked():
    return layers.RNN(
        layers.StackedRNNCells([layers.LSTMCell(2), layers.GRUCell(2), layers.SimpleRNNCell(2)])
    )


def activated():
    return keras.Sequential([layers.Activation("tanh"), layers.ELU(), layers.ReLU(0.8, 0.1)])


def spectrogram():
    return layers.STFTSpectrogram("magnitude", frame_length=4, frame_step=3, fft_length=4)


LAYERS = {
    "Dense": on_vectors(lambda: layers.Dense(3)),
    "Dense, low rank (LoRA)": on_vectors(lambda: layers.Dense(3, lora_rank=1)),
    "EinsumDense": on_steps(lambda: layers.EinsumDense("btc,cde->btde", (4, 2, 2), bias_axes="de")),
    "Conv1D": on_steps(lambda: layers.Conv1D(2, 2, padding="causal", dilation_rate=2)),
    "Conv2D": on_images(lambda: layers.Conv2D(2, 3, strides=2, padding="same")),
    "Conv3D": on_volumes(lambda: layers.Conv3D(2, 2)),
    "Conv2D in groups": on_images(lambda: layers.Conv2D(2, 2, groups=2)),
    "Conv1D and max pooling": pooled(
        lambda: layers.Conv1D(2, 2), lambda: layers.MaxPooling1D(3), STEPS
    ),
    "Conv2D and max pooling": pooled(
        lambda: layers.Conv2D(2, 3), lambda: layers.MaxPooling2D(), IMAGE
    ),
    "Conv2D and average pooling": pooled(
        lambda: layers.Conv2D(2, 3), lambda: layers.AveragePooling2D(2), IMAGE
    ),
    "Conv3D and max pooling": pooled(
        lambda: layers.Conv3D(1, 2), lambda: layers.GlobalMaxPooling3D(), VOLUME
    ),
    "DepthwiseConv1D": on_steps(lambda: layers.DepthwiseConv1D(2, depth_multiplier=2)),
    "DepthwiseConv2D": on_images(lambda: layers.DepthwiseConv2D(3)),
    "SeparableConv1D": on_steps(lambda: layers.SeparableConv1D(2, 2)),
    "SeparableConv2D": on_images(lambda: layers.SeparableConv2D(2, 2)),
    "Conv1DTranspose": on_steps(lambda: layers.Conv1DTranspose(2, 2, strides=2)),
    "Conv2DTranspose": on_images(lambda: layers.Conv2DTranspose(1, 3, padding="same")),
    "Conv3DTranspose": on_volumes(lambda: layers.Conv3DTranspose(1, 2)),
    "BatchNormalization": on_vectors(lambda: layers.BatchNormalization()),
    "BatchNormalization of images": on_images(lambda: layers.BatchNormalization()),
    "BatchNormalization, inference": on_vectors(
        lambda: layers.BatchNormalization(), training=False
    ),
    "LayerNormalization": on_steps(lambda: layers.LayerNormalization()),
    "GroupNormalization": on_images(lambda: layers.GroupNormalization(2)),
    "UnitNormalization": on_vectors(lambda: layers.UnitNormalization()),
    "RMSNormalization": on_steps(lambda: layers.RMSNormalization()),
    "SpectralNormalization, converged": on_vectors(
        lambda: layers.SpectralNormalization(layers.Dense(2), power_iterations=20)
    ),
    "SpectralNormalization, inference": on_vectors(
        lambda: layers.SpectralNormalization(layers.Dense(2)), training=False
    ),
    "Embedding": on_vectors(lambda: layers.Embedding(4, 2), integers=4),
    "ReversibleEmbedding": functools.partial(between_kinks, reversed_embedding, (3,), integers=4),
    "SimpleRNN": on_steps(lambda: layers.SimpleRNN(2, return_sequences=True)),
    "SimpleRNN with ReLU, masked": masked(lambda: layers.SimpleRNN(2, "relu")),
    "LSTM": on_steps(lambda: layers.LSTM(2)),
    "LSTM, masked": masked(lambda: layers.LSTM(2)),
    "GRU": on_steps(lambda: layers.GRU(2)),
    "GRU, reset before, masked": masked(lambda: layers.GRU(2, reset_after=False)),
    "Bidirectional": on_steps(lambda: layers.Bidirectional(layers.GRU(1))),
    "RNN of StackedRNNCells": on_steps(stacked),
    "TimeDistributed": on_steps(lambda: layers.TimeDistributed(layers.Dense(2, "relu"))),
    "ConvLSTM1D": on_vectors(lambda: layers.ConvLSTM1D(1, 2), (2, 3, 2)),
    "ConvLSTM2D": on_vectors(lambda: layers.ConvLSTM2D(1, 2), FILM),
    "ConvLSTM3D": on_vectors(lambda: layers.ConvLSTM3D(1, 2), (2, 2, 2, 2, 1)),
    "MultiHeadAttention": heads(lambda: layers.MultiHeadAttention(2, 2)),
    "GroupQueryAttention": heads(lambda: layers.GroupQueryAttention(2, 2, 1)),
    "Attention": attended(lambda: layers.Attention(use_scale=True, score_mode="concat")),
    "AdditiveAttention": attended(lambda: layers.AdditiveAttention()),
    "PReLU": on_vectors(lambda: layers.PReLU("uniform")),
    "PReLU of images": on_images(lambda: layers.PReLU(shared_axes=[1, 2])),
    "Activation, ELU and ReLU": on_vectors(activated),
    "STFTSpectrogram": on_vectors(spectrogram, (10, 1)),
    "kr.layers.Standardize": on_vectors(
        lambda: kr.layers.Standardize(mean=[0.0, 1.0, 2.0], variance=[1.0, 2.0, 3.0])
    ),
    "kr.layers.DenseBlock": on_vectors(lambda: kr.layers.DenseBlock(3, "relu", keep_prob=0.5)),
    "kr.layers.ConvBlock": on_images(
        lambda: kr.layers.ConvBlock(2, 3, "relu", pool="max", keep_prob=0.8)
    ),
}

EXCLUDED = {
    "TFSMLayer": "wraps a saved TensorFlow program; no config makes a float64 copy of it",
    "JaxLayer": "wraps a JAX function whose parameters Keras cannot cast",
    "FlaxLayer": "wraps a Flax module whose parameters Keras cannot cast",
    "TorchModuleWrapper": "wraps a PyTorch module, for the PyTorch backend alone",
    "Wrapper": "the base class; what it wraps decides",
    "Normalization": "its weights are statistics, never trained",
    "Lambda": "no weights",
    "Identity": "no weights",
    "Masking": "no weights",
}
WITHOUT_WEIGHTS = {"merging", "pooling", "preprocessing", "regularization", "reshaping"}


def keras_layers():
    """Name -> class of every layer of `keras.layers` that may have trainable weights.

    Those are all but the classes in families without weights that create none.
    """
    classes = {kind for kind in vars(layers).values() if inspect.isclass(kind)}
    kinds = (kind for kind in classes if issubclass(kind, keras.Layer) and kind is not keras.Layer)
    return {kind.__name__: kind for kind in kinds if not _is_weightless(kind)}


def _is_weightless(kind):
    own = [base for base in kind.__mro__ if base.__module__.startswith("keras.src.layers.")]
    family = kind.__module__.split(".")[3]
    creates = any(
        "add_weight(" in inspect.getsource(base) for base in own if base is not keras.Layer
    )
    return family in WITHOUT_WEIGHTS and not creates


def classes_in(model):
    """Classes of all layers in a model, inner ones and cells too."""
    return {type(layer) for layer in model._flatten_layers(include_self=False)}
