"""Writes a small recogniser in the format of EasyOCR's custom networks, with weights of chance.

Run by the Python of EasyOCR's own environment: ``easyocr_network.py FOLDER NAME``.
"""

import sys
from importlib import import_module
from pathlib import Path

import torch

MODULE = """
from torch import nn


class Model(nn.Module):
    def __init__(self, num_class, hidden):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, hidden, 3, 2, 1), nn.ReLU(), nn.MaxPool2d((4, 2)))
        self.pool = nn.AdaptiveAvgPool2d((None, 1))
        self.sequence = nn.LSTM(hidden, hidden, bidirectional=True, batch_first=True)
        self.prediction = nn.Linear(2 * hidden, num_class)

    def forward(self, input, text):
        columns = self.pool(self.features(input).permute(0, 3, 1, 2)).squeeze(3)
        return self.prediction(self.sequence(columns)[0])
"""
DESCRIPTION = """
imgH: 32
lang_list: [en]
character_list: abcdefgh
network_params: {hidden: 16}
"""


def main(folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(MODULE, encoding="utf-8")
    (folder / f"{name}.yaml").write_text(DESCRIPTION, encoding="utf-8")
    sys.path.append(str(folder))
    torch.manual_seed(7)
    # CTC's blank stands beside the 8 letters.
    model = import_module(name).Model(num_class=9, hidden=16)
    for parameter in model.parameters():
        torch.nn.init.uniform_(parameter, -1.0, 1.0)
    state = {f"module.{key}": value for key, value in model.state_dict().items()}
    torch.save(state, folder / f"{name}.pth")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
