"""CAM++: a speaker embedding, 192 numbers that lie close together for the same voice.

The network is written from its paper, "CAM++: A Fast and Efficient Network for Speaker Verification Using
Context-Aware Masking" (arXiv 2303.00332), with the names of the published checkpoint's tensors. In short: a small
2-D convolutional front end takes the 80-bin filter bank down to 10 bands of 32 channels; a time-delay layer
halves the frame rate; three blocks of 12, 24 and 16 densely connected time-delay layers follow, in which each
layer's local convolution is multiplied by a mask computed from the mean of the utterance and of its
stretch of 100 frames; mean and standard deviation over time are pooled into the embedding.
"""

from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from qa.speech.torchaudio_compat import import_torchaudio

DIMENSION: Final = 192
MEL_BINS: Final = 80
FRAME_SECONDS: Final = 0.01
"""Hop of the filter bank."""
SEGMENT_FRAMES: Final = 100
"""Length of the stretch whose mean joins the utterance's mean as context (paper, section 2.2)."""
_GROWTH: Final = 32
_BOTTLENECK: Final = 4 * _GROWTH
_BLOCKS: Final = ((12, 1), (24, 2), (16, 2))
"""Layers and dilation of the three dense blocks."""


def fbank(waveform: Tensor) -> Tensor:
    """Kaldi's log filter bank, `(samples,)` in -1..1 at 16 kHz -> `(frames, 80)`, not yet mean-normalised."""
    kaldi = import_torchaudio().compliance.kaldi
    features: Tensor = kaldi.fbank(
        waveform.unsqueeze(0), num_mel_bins=MEL_BINS, sample_frequency=16000.0, dither=0.0
    )
    return features


class CamPlusPlus(nn.Module):
    """The network: mean-normalised filter bank `(batch, frames, 80)` -> embedding `(batch, 192)`."""

    def __init__(self) -> None:
        super().__init__()
        self.head = _FrontEnd()
        layers: dict[str, nn.Module] = {"tdnn": _TimeDelay(self.head.out_channels, 128)}
        width = 128
        for index, (depth, dilation) in enumerate(_BLOCKS, 1):
            layers[f"block{index}"] = _DenseBlock(width, depth, dilation)
            width += depth * _GROWTH
            layers[f"transit{index}"] = _Transit(width, width // 2)
            width //= 2
        layers["out_nonlinear"] = _norm(width)
        layers["stats"] = _Statistics()
        layers["dense"] = _Dense(2 * width, DIMENSION)
        self.xvector = nn.Sequential()
        for name, layer in layers.items():
            self.xvector.add_module(name, layer)

    def forward(self, features: Tensor) -> Tensor:
        """Embed each utterance of the batch; all have the same number of frames."""
        embedding: Tensor = self.xvector(self.head(features.transpose(1, 2)))
        return embedding


def load(checkpoint: Path) -> CamPlusPlus:
    """The network with the published weights, ready for inference; every tensor of the file must fit."""
    network = CamPlusPlus()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True))
    return network.eval()


class _Residual(nn.Module):
    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        # The stride is over frequency alone: time keeps its resolution until the time-delay layer.
        self.conv1 = nn.Conv2d(channels, channels, 3, stride=(stride, 1), padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride != 1:
            self.shortcut.append(nn.Conv2d(channels, channels, 1, stride=(stride, 1), bias=False))
            self.shortcut.append(nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class _FrontEnd(nn.Module):
    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.layer1 = nn.Sequential(_Residual(channels, 2), _Residual(channels, 1))
        self.layer2 = nn.Sequential(_Residual(channels, 2), _Residual(channels, 1))
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=(2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.out_channels = channels * (MEL_BINS // 8)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(x.unsqueeze(1))))
        x = self.layer2(self.layer1(x))
        x = functional.relu(self.bn2(self.conv2(x)))
        return x.flatten(1, 2)


def _norm(channels: int) -> nn.Sequential:
    layer = nn.Sequential()
    layer.add_module("batchnorm", nn.BatchNorm1d(channels))
    layer.add_module("relu", nn.ReLU(inplace=True))
    return layer


class _TimeDelay(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(in_channels, out_channels, 5, stride=2, padding=2, bias=False)
        self.nonlinear = _norm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.nonlinear(self.linear(x))
        return y


class _ContextMask(nn.Module):
    """A convolution multiplied by a mask in 0..1 that depends on the context (paper, equations 3 to 6)."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(_BOTTLENECK, _GROWTH, 3, padding=dilation, dilation=dilation, bias=False)
        self.linear1 = nn.Conv1d(_BOTTLENECK, _BOTTLENECK // 2, 1)
        self.linear2 = nn.Conv1d(_BOTTLENECK // 2, _GROWTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        frames = x.shape[-1]
        segments = functional.avg_pool1d(x, SEGMENT_FRAMES, SEGMENT_FRAMES, ceil_mode=True)
        context = x.mean(-1, keepdim=True) + segments
        # The mask is the same all over a segment, so it is computed once per segment and then spread out.
        mask = torch.sigmoid(self.linear2(functional.relu(self.linear1(context))))
        spread = mask.repeat_interleave(SEGMENT_FRAMES, dim=-1)[..., :frames]
        y: Tensor = self.linear_local(x) * spread
        return y


class _DenseLayer(nn.Module):
    def __init__(self, in_channels: int, dilation: int) -> None:
        super().__init__()
        self.nonlinear1 = _norm(in_channels)
        self.linear1 = nn.Conv1d(in_channels, _BOTTLENECK, 1, bias=False)
        self.nonlinear2 = _norm(_BOTTLENECK)
        self.cam_layer = _ContextMask(dilation)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x))))
        return y


class _DenseBlock(nn.Module):
    def __init__(self, in_channels: int, depth: int, dilation: int) -> None:
        super().__init__()
        for index in range(depth):
            self.add_module(f"tdnnd{index + 1}", _DenseLayer(in_channels + index * _GROWTH, dilation))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = torch.cat([x, layer(x)], dim=1)
        return x


class _Transit(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.nonlinear = _norm(in_channels)
        self.linear = nn.Conv1d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.linear(self.nonlinear(x))
        return y


class _Statistics(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.mean(-1), x.std(-1, unbiased=True)], dim=-1)


class _Dense(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(in_channels, out_channels, 1, bias=False)
        self.nonlinear = nn.Sequential()
        self.nonlinear.add_module("batchnorm", nn.BatchNorm1d(out_channels, affine=False))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.nonlinear(self.linear(x.unsqueeze(-1)).squeeze(-1))
        return y
