"""A checkpoint of trocr-small's size with random weights, for benchmarks: its text means nothing.

Run by the Python of TrOCR's own environment: ``random_trocr.py FOLDER``. Sizes are those of the published
microsoft/trocr-small-printed: a DeiT of 384 x 384 pixels, and 6 layers over 64,044 tokens. It always gives
32 of them.
"""

import sys

import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    DeiTConfig,
    PreTrainedTokenizerFast,
    TrOCRConfig,
    TrOCRProcessor,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
)
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

SIDE, TOKENS, VOCABULARY = 384, 32, 64_044
PAD, END = 1, 2
SPECIAL = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}


def main(folder: str) -> None:
    torch.manual_seed(1)
    encoder = DeiTConfig(
        image_size=SIDE, hidden_size=384, num_hidden_layers=12, num_attention_heads=6, intermediate_size=1536
    )
    decoder = TrOCRConfig(
        vocab_size=VOCABULARY,
        d_model=256,
        decoder_layers=6,
        decoder_attention_heads=8,
        decoder_ffn_dim=1024,
        activation_function="relu",
        scale_embedding=True,
        layernorm_embedding=True,
        use_learned_position_embeddings=True,
        cross_attention_hidden_size=384,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    config.decoder_start_token_id, config.pad_token_id, config.eos_token_id = END, PAD, END
    model = VisionEncoderDecoderModel(config).eval()
    settings = model.generation_config
    settings.decoder_start_token_id, settings.pad_token_id, settings.eos_token_id = END, PAD, END
    settings.min_new_tokens = settings.max_new_tokens = TOKENS
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(
        ["no text"], vocab_size=300, special_tokens=[*SPECIAL.values()], show_progress=False
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, **SPECIAL)
    images = ViTImageProcessorPil(
        size={"height": SIDE, "width": SIDE}, image_mean=[0.5] * 3, image_std=[0.5] * 3
    )
    model.save_pretrained(folder)
    TrOCRProcessor(images, tokenizer).save_pretrained(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
