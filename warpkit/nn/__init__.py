"""Networks: layers, the spatial transformer, optimisers; what training spatial transformers needs."""

from warpkit.ops import cross_entropy as cross_entropy

from ._activation import ReLU as ReLU
from ._adam import Adam as Adam
from ._convolution import Conv2d as Conv2d
from ._convolution import Conv3d as Conv3d
from ._flatten import Flatten as Flatten
from ._linear import Linear as Linear
from ._module import Module as Module
from ._optimizer import AbstractOptimizer as AbstractOptimizer
from ._outside_penalty import outside_penalty as outside_penalty
from ._pooling import AvgPool2d as AvgPool2d
from ._pooling import AvgPool3d as AvgPool3d
from ._pooling import MaxPool2d as MaxPool2d
from ._pooling import MaxPool3d as MaxPool3d
from ._schedules import CosineDecay as CosineDecay
from ._schedules import StepDecay as StepDecay
from ._sequential import Sequential as Sequential
from ._sgd import SGD as SGD
from ._spatial_transformer import SpatialTransformer as SpatialTransformer
