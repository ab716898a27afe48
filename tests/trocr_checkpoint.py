"""Trains a TrOCR of 0.2 million parameters until it reads a few given lines, and saves it.

Run by the Python of TrOCR's own environment: ``trocr_checkpoint.py LINES.npz FOLDER``. The file
holds ``texts`` and, for each, an image ``image0``, ``image1`` and so on. What is saved has the
format of the published checkpoints: a ViT encoder, a TrOCR decoder, a byte-level BPE tokenizer.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    PreTrainedTokenizerFast,
    TrOCRConfig,
    TrOCRProcessor,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
)
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

HEIGHT, WIDTH, PATCH = 32, 256, 16
HIDDEN, LAYERS, HEADS = 64, 2, 4
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
START, PAD, END = 0, 1, 2
# How long it takes to learn the lines differs between machines.
MOST_STEPS, ENOUGH = 2000, 0.02


def processor_for(texts: list[str]) -> TrOCRProcessor:
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(texts, vocab_size=300, special_tokens=SPECIAL, show_progress=False)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    images = ViTImageProcessorPil(
        size={"height": HEIGHT, "width": WIDTH}, image_mean=[0.5] * 3, image_std=[0.5] * 3
    )
    return TrOCRProcessor(images, tokenizer)


def model_for(vocabulary: int) -> VisionEncoderDecoderModel:
    encoder = ViTConfig(
        image_size=(HEIGHT, WIDTH),
        patch_size=(HEIGHT, PATCH),
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=2 * HIDDEN,
        hidden_dropout_prob=0.0,
    )
    decoder = TrOCRConfig(
        vocab_size=vocabulary,
        d_model=HIDDEN,
        decoder_layers=LAYERS,
        decoder_attention_heads=HEADS,
        decoder_ffn_dim=2 * HIDDEN,
        max_position_embeddings=64,
        dropout=0.0,
        cross_attention_hidden_size=HIDDEN,
        bos_token_id=START,
        pad_token_id=PAD,
        eos_token_id=END,
        decoder_start_token_id=END,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    config.decoder_start_token_id, config.pad_token_id, config.eos_token_id = END, PAD, END
    return VisionEncoderDecoderModel(config)


def train(model: VisionEncoderDecoderModel, pixels: torch.Tensor, labels: torch.Tensor) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    model.train()
    for step in range(MOST_STEPS):
        loss = model(pixel_values=pixels + 0.1 * torch.randn_like(pixels), labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            sys.stderr.write(f"step {step}: loss {loss.item():.4f}\n")
        if not torch.isfinite(loss):
            raise SystemExit(f"the training went astray at step {step}")
        if loss.item() < ENOUGH:
            break
    model.eval()


def main(lines: str, folder: str) -> None:
    # With more threads, which spin where others work beside them, it took twenty times as long, and
    # some trainings ended in weights that were no numbers.
    torch.set_num_threads(1)
    torch.manual_seed(1)
    data = np.load(lines)
    texts = [str(text) for text in data["texts"]]
    processor = processor_for(texts)
    images = [np.repeat(data[f"image{place}"][:, :, None], 3, axis=2) for place in range(len(texts))]
    pixels = processor(images=images, return_tensors="pt").pixel_values
    tokens = [[*processor.tokenizer(text, add_special_tokens=False).input_ids, END] for text in texts]
    labels = torch.full((len(tokens), max(map(len, tokens))), -100)
    for row, ids in zip(labels, tokens, strict=True):
        row[: len(ids)] = torch.tensor(ids)
    model = model_for(len(processor.tokenizer))
    train(model, pixels, labels)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    found = model.generate(pixels, max_new_tokens=60)
    read = processor.batch_decode(found, skip_special_tokens=True)
    Path(folder, "upstream.txt").write_text("\n".join(read), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
