"""Which of EasyOCR's recognisers reads which languages, and where its files lie.

The table of models with their languages, files, addresses and MD5 is EasyOCR's own
``config.py``, which is read without importing PyTorch.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.weights import verify_file

INSTALL = "ocr-plugins engines install easyocr"
DETECTOR = "craft_mlt_25k.pth"
_KNOWN = {
    DETECTOR: "4a5efbfb48b4081100544e75e1e2b57f8de3d84f213004b14b85fd4b3748db17",
    "english_g2.pth": "e2272681d9d67a04e2dff396b6e95077bc19001f8f6d3593c307b9852e1c29e8",
}
# ISO 639-1 -> EasyOCR's code, where they differ. Serbian is in Cyrillic; Latin is rs_latin.
_CODES = {"av": "ava", "ce": "che", "sr": "rs_cyrillic", "tg": "tjk", "zh": "ch_sim"}
_ISO = {code: iso for iso, code in _CODES.items()} | {"chi_tra": "ch_tra"}
# The model of each script, in the order in which EasyOCR's Reader looks for a language.
_MODELS = {
    "thai": "thai_g1", "chinese_tra": "zh_tra_g1", "chinese_sim": "zh_sim_g2", "japanese": "japanese_g2",
    "korean": "korean_g2", "tamil": "tamil_g1", "telugu": "telugu_g2", "kannada": "kannada_g2",
    "bengali": "bengali_g1", "arabic": "arabic_g1", "devanagari": "devanagari_g1",
    "cyrillic": "cyrillic_g2", "latin": "latin_g2",
}  # fmt: skip
_SINGLE = {
    "thai": "th", "chinese_tra": "ch_tra", "chinese_sim": "ch_sim", "japanese": "ja", "korean": "ko",
    "tamil": "ta", "telugu": "te", "kannada": "kn", "english": "en",
}  # fmt: skip
_SETTINGS = {"imgH": int, "lang_list": list, "character_list": str, "network_params": dict}


@dataclass(frozen=True, kw_only=True)
class Recognizer:
    """A recogniser for EasyOCR's Reader.

    Args:
        name: what the Reader calls it: ``standard``, one of its models, or a network of the user's.
        codes: the languages it is to read, as the Reader calls them.
        languages: all that can be read with the files that are there, as users call them.
        height: pixels that lines are scaled to.
        weights: the file with its weights.
        sources: of a user's own network, the module and the YAML file that describe it.
        md5: what EasyOCR asks of the weights; empty where it asks nothing.
        url: where EasyOCR publishes them; empty where it does not.
    """

    name: str
    codes: tuple[str, ...]
    languages: tuple[str, ...]
    height: int
    weights: Path
    sources: tuple[Path, ...] = ()
    md5: str = ""
    url: str = ""

    def verify(self) -> dict[str, str]:
        """Name -> SHA-256 of its files. Raises EngineUnavailableError."""
        hint = (
            f"unpack {self.url} into a folder, and give that as model_dir="
            if self.url
            else "put it there, or name its folder as model_dir="
        )
        name = self.weights.name
        found = {name: verify_file(self.weights, {_KNOWN[name]} if name in _KNOWN else (), hint)}
        if self.md5 and name not in _KNOWN and _md5(self.weights) != self.md5:
            raise EngineUnavailableError(
                f"weight file {self.weights} is not the one that EasyOCR publishes (its MD5 differs)",
                f"replace it: {hint}",
                kind="wrong_hash",
            )
        return found | {path.name: verify_file(path, (), "check the path") for path in self.sources}


def user_code(code: str) -> str:
    """A language as users call it, by ISO 639-1 where EasyOCR has a code of its own."""
    return _ISO.get(code, code)


def model_folder(model_dir: Path | None) -> Path:
    """Where weights are looked for: the user's folder, else that of the offline package.

    Raises:
        EngineUnavailableError: neither is there.
    """
    folder = model_dir or _packaged_folder()
    if folder is None:
        raise EngineUnavailableError(
            "engine 'easyocr' has no weights here", f"{INSTALL}, or model_dir=FOLDER", kind="missing_weights"
        )
    return folder


def detector_folder(folder: Path) -> Path:
    """The folder with the detector's weights: ``folder``, else that of the offline package."""
    packaged = _packaged_folder()
    return folder if packaged is None or (folder / DETECTOR).exists() else packaged


def verify_detector(folder: Path) -> dict[str, str]:
    """Name -> SHA-256 of the detector's weights in ``folder``. Raises EngineUnavailableError."""
    return {DETECTOR: verify_file(folder / DETECTOR, {_KNOWN[DETECTOR]}, INSTALL)}


def find_recognizer(languages: Sequence[str], network: str, folder: Path) -> Recognizer:
    """EasyOCR's own recogniser for ``languages``: the one it takes for them, or one named.

    Args:
        languages: as users call them.
        network: ``standard``, or the name of one of EasyOCR's models.
        folder: where the weights are to lie.

    Raises:
        CallError: there is no model of that name.
        EngineUnavailableError: no model reads these languages, or not together.
    """
    config = _config()
    models = _models(config)
    codes = tuple(_CODES.get(language, language) for language in languages)
    if network == "standard":
        model = _standard(config, codes)
    elif network in models:
        model = network
        _check_together(codes, _read_together(config, models[model]["model_script"]))
    else:
        raise CallError(
            f"EasyOCR has no recogniser {network!r}",
            f"take one of {', '.join(models)}, or name the folder of your own as user_network_directory=",
        )
    return Recognizer(
        name=network,
        codes=codes,
        languages=_readable(config, folder, languages),
        height=config.imgH,
        weights=folder / models[model]["filename"],
        md5=models[model]["md5sum"],
        url=models[model]["url"],
    )


def find_own_recognizer(
    languages: Sequence[str], network: str, directory: Path, folder: Path | None
) -> Recognizer:
    """A network of the user's: ``NAME.py`` and ``NAME.yaml`` in ``directory``, ``NAME.pth`` in ``folder``.

    The format is that of EasyOCR's custom models. The module is the user's code: EasyOCR runs it.

    Args:
        folder: None looks for the weights in ``directory`` too.

    Raises:
        CallError: the name cannot be that of a module.
        EngineUnavailableError: the description does not fit, or a language is not among its own.
    """
    if not network.isidentifier() or network.startswith("_"):
        raise CallError(f"recog_network={network} is no name of a Python module", "rename its files")
    module, description = directory / f"{network}.py", directory / f"{network}.yaml"
    verify_file(description, (), "put it there, or check recog_network= and user_network_directory=")
    settings = _read_yaml(description)
    known = [str(code) for code in settings["lang_list"] if _has_letters(str(code))]
    codes = tuple(_CODES.get(language, language) for language in languages)
    _check_together(codes, known)
    _check_module_name(network, module)
    return Recognizer(
        name=network,
        codes=codes,
        languages=tuple(user_code(code) for code in known),
        height=settings["imgH"],
        weights=(folder or directory) / f"{network}.pth",
        sources=(module, description),
    )


def _packaged_folder() -> Path | None:
    found = importlib.util.find_spec("easyocr_en_models")
    return Path(found.origin).parent / "models" if found and found.origin else None


def _package() -> Path:
    found = importlib.util.find_spec("easyocr")
    if found is None or found.origin is None:
        raise EngineUnavailableError("engine 'easyocr' is not installed", INSTALL, kind="not_installed")
    return Path(found.origin).parent


@functools.cache
def _config() -> Any:
    """EasyOCR's table of models, without the package around it, which imports PyTorch."""
    spec = importlib.util.spec_from_file_location("_easyocr_config", _package() / "config.py")
    assert spec is not None  # noqa: S101 - a path that ends in .py has a loader
    assert spec.loader is not None  # noqa: S101
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _models(config: Any) -> dict[str, dict[str, str]]:
    return {**config.recognition_models["gen1"], **config.recognition_models["gen2"]}


def _own_codes(config: Any, script: str) -> list[str]:
    """EasyOCR's codes of the languages that a script's model is for."""
    return [_SINGLE[script]] if script in _SINGLE else list(getattr(config, f"{script}_lang_list"))


def _read_together(config: Any, script: str) -> list[str]:
    """EasyOCR's codes of all that a script's model reads: every one reads English too."""
    return list(dict.fromkeys([*_own_codes(config, script), "en"]))


def _standard(config: Any, codes: Sequence[str]) -> str:
    """The model that EasyOCR takes for these languages; raises EngineUnavailableError."""
    known = [code for code in config.all_lang_list if _has_letters(code)]
    if unknown := [code for code in codes if code not in known]:
        raise EngineUnavailableError(
            f"engine 'easyocr' does not know language {user_code(unknown[0])!r}",
            f"it knows {', '.join(sorted(map(user_code, known)))}",
            kind="unsupported_language",
        )
    if set(codes) == {"en"}:
        return "english_g2"
    script = next(script for script in _MODELS if set(codes) & set(_own_codes(config, script)))
    _check_together(codes, _read_together(config, script))
    return _MODELS[script]


def _has_letters(code: str) -> bool:
    """Whether the package has a language's letters: it lists some languages without."""
    return (_package() / "character" / f"{code}_char.txt").exists()


def _readable(config: Any, folder: Path, asked: Iterable[str]) -> tuple[str, ...]:
    """The languages whose models are in ``folder``, and those that are asked for."""
    models = _models(config)
    readable = set(asked)
    for script, model in {"english": "english_g2", **_MODELS}.items():
        if (folder / models[model]["filename"]).exists():
            codes = set(_own_codes(config, script)) - ({"en"} if script == "latin" else set())
            readable |= {user_code(code) for code in codes if _has_letters(code)}
    return tuple(sorted(readable))


def _check_together(codes: Sequence[str], known: Sequence[str]) -> None:
    if strange := [user_code(code) for code in codes if code not in known]:
        asked = "+".join(map(user_code, codes))
        raise EngineUnavailableError(
            f"engine 'easyocr': the network for {asked} does not read {strange[0]!r}",
            f"it reads {', '.join(map(user_code, known))}",
            kind="unsupported_language",
        )


def _read_yaml(path: Path) -> Mapping[str, Any]:
    import yaml  # type: ignore[import-untyped]

    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise EngineUnavailableError(
            f"{path} cannot be read ({type(error).__name__})", "write it as YAML", kind="bad_network"
        ) from None
    settings = settings if isinstance(settings, dict) else {}
    for key, kind in _SETTINGS.items():
        if not settings.get(key) or not isinstance(settings[key], kind):
            raise EngineUnavailableError(
                f"{path} does not describe a network of EasyOCR's",
                f"give it {key}, a YAML {kind.__name__}",
                kind="bad_network",
            )
    return settings


def _check_module_name(network: str, module: Path) -> None:
    """EasyOCR imports the module by its bare name, and would get any other of that name."""
    verify_file(module, (), "put it there, or check recog_network= and user_network_directory=")
    found = importlib.util.find_spec(network)
    if found is not None and (found.origin is None or not module.samefile(found.origin)):
        raise EngineUnavailableError(
            f"another Python module is called {network!r}",
            "rename the network and its files",
            kind="bad_network",
        )


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
