"""Layers of the course: inputs standardised on train, dropout by the probability of keeping a
unit, blocks with batch norm on Z, and what is done to them afterwards: batch norm folded away
for inference, dropout switched off for a check, images augmented in training."""

from kerasrecipes.layers.conv_block import ConvBlock
from kerasrecipes.layers.dense_block import DenseBlock
from kerasrecipes.layers.dropout_disabled import dropout_disabled
from kerasrecipes.layers.fold_batch_normalization import fold_batch_normalization
from kerasrecipes.layers.hardmax import Hardmax
from kerasrecipes.layers.image_augmentation import image_augmentation
from kerasrecipes.layers.inverted_dropout import InvertedDropout
from kerasrecipes.layers.standardize import Standardize

__all__ = [
    "ConvBlock",
    "DenseBlock",
    "Hardmax",
    "InvertedDropout",
    "Standardize",
    "dropout_disabled",
    "fold_batch_normalization",
    "image_augmentation",
]
