#!/usr/bin/env python3
"""Compares what was read with what other readers read.

    cargo bench --bench corpus -- FOLDER --json READ.jsonl
    benches/peers.py FOLDER READ.jsonl [--only pdf,docx] [--verbose]

Python 3.11 with whichever of pypdf, extract-msg, tnefparse, olefile are installed, and Debian's poppler-utils
(pdftotext), libreoffice-writer (soffice), antiword and tnef. What is missing is named and left out.

A word, on both sides: a longest run of letters and digits of the text in Unicode form NFKC and lower case.
Recall: words of the other reader that ours has as well, each as often as it occurs, out of all of its words.
"""

import argparse
import collections
import concurrent.futures
import email
import email.policy
import importlib
import io
import json
import multiprocessing
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import unicodedata
import warnings
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

SECONDS_PER_CALL = 60
SOFFICE_BATCH = 20
SOFFICE_SECONDS_PER_FILE = 20
PROCESSES = 2
WORD = re.compile(r"[^\W_]+")


def words(text):
    return collections.Counter(WORD.findall(unicodedata.normalize("NFKC", text).lower()))


def module(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        print(f"(python module {name} is not installed: left out)")
        return None


def program(name):
    found = shutil.which(name)
    if not found:
        print(f"(program {name} is not installed: left out)")
    return found


# -- calls with an end ---------------------------------------------------------------------------------

def run(arguments, **more):
    """Standard output of a program; None if it fails or takes too long."""
    try:
        done = subprocess.run(arguments, capture_output=True, timeout=SECONDS_PER_CALL, **more)
    except (subprocess.TimeoutExpired, OSError):
        return None
    return done.stdout if done.returncode == 0 else None


def answer_into(pipe, call, path):
    warnings.simplefilter("ignore")
    sys.stdout = sys.stderr = io.StringIO()
    try:
        pipe.send(call(path))
    except BaseException:  # whatever a library raises, it has no answer
        pipe.send(None)


def bounded(call, path):
    """A library's answer from a process of its own; None if it fails or takes too long."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=answer_into, args=(theirs, call, path), daemon=True)
    child.start()
    theirs.close()
    try:
        return ours.recv() if ours.poll(SECONDS_PER_CALL) else None
    except EOFError:
        return None
    finally:
        child.kill()
        child.join()


def each(call, rows, folder):
    """(row, answer) of one bounded call per row, a few at a time, in order."""
    with concurrent.futures.ThreadPoolExecutor(PROCESSES) as threads:
        answers = threads.map(lambda row: bounded(call, folder / row["path"]), rows)
        yield from zip(rows, answers)


# -- reporting -----------------------------------------------------------------------------------------

class Recall:
    def __init__(self, name, target=None, per=""):
        self.name, self.target, self.per = name, target, per
        self.found = self.all = self.no_peer = 0
        self.per_file, self.short = [], []

    def count(self, path, found, total, missing=""):
        if not total:
            return
        self.found += found
        self.all += total
        self.per_file.append(found / total)
        if found < total:
            self.short.append((found / total, total - found, path, missing))

    def words(self, path, ours, theirs, status=""):
        missing = theirs - ours
        total = theirs.total()
        examples = " ".join(word for word, _ in missing.most_common(8))
        self.count(path, total - missing.total(), total, f"{status}: {examples}")

    def print(self, verbose):
        if not self.all:
            print(f"{self.name}: nothing to compare")
            return
        pooled, mean = self.found / self.all, statistics.mean(self.per_file)
        target = f", target {self.target}" if self.target else ""
        print(f"{self.name}: pooled {pooled:.4f}, mean per file {mean:.4f}{target} "
              f"({self.found} of {self.all}{self.per}, {len(self.per_file)} files, "
              f"{self.no_peer} the other reader gave nothing for)")
        if verbose:
            for share, lost, path, missing in sorted(self.short):
                print(f"    {share:.3f} -{lost} {path} {missing}"[:300])


# -- MIME ----------------------------------------------------------------------------------------------

class Stripped(HTMLParser):
    def __init__(self):
        super().__init__()
        self.out, self.silent = [], 0

    def handle_starttag(self, tag, attributes):
        self.silent += tag in ("style", "script", "title", "head")

    def handle_endtag(self, tag):
        self.silent -= tag in ("style", "script", "title", "head")

    def handle_data(self, data):
        if self.silent <= 0:
            self.out.append(data)


def mails_in(content):
    """The same rule as the run's: mboxrd."""
    if not content.startswith(b"From ") or b"\n" not in content:
        return [content]
    mails, after_blank = [], True
    for line in re.findall(rb"[^\n]*\n|[^\n]+", content):
        if after_blank and line.startswith(b"From "):
            mails.append([])
        elif mails:
            mails[-1].append(re.sub(rb"^>(>*From )", rb"\1", line))
        after_blank = line in (b"\n", b"\r\n")
    return [b"".join(lines) for lines in mails]


def stdlib_bodies(path):
    """Words of the best body of each mail of a file, as Python's email package finds it."""
    found = []
    for mail in mails_in(path.read_bytes()):
        text = ""
        try:
            message = email.message_from_bytes(mail, policy=email.policy.default)
            body = message.get_body(("html", "plain"))
            text = body.get_content() if body is not None else ""
            if body is not None and body.get_content_type() == "text/html":
                stripped = Stripped()
                stripped.feed(text)
                text = " ".join(stripped.out)
        except Exception:
            pass
        found.append(dict(words(text)))
    return found


def compare_mime(rows, folder, verbose):
    files = {}
    for row in rows:
        path, _, number = row["path"].partition("#")
        files.setdefault(path, []).append((int(number or 1), row))
    bodies = Recall("MIME bodies that Python's email finds", per=" bodies")
    recall = Recall("MIME words of those bodies", per=" words")
    unfound = []
    keyed = [{"path": path} for path in files]
    for key, found in each(stdlib_bodies, keyed, folder):
        for number, row in files[key["path"]]:
            theirs = collections.Counter((found or [])[number - 1] if found and number <= len(found) else {})
            if not theirs:
                bodies.no_peer += 1
                continue
            has = any(words(body) for body in row.get("bodies", []))
            bodies.count(row["path"], int(has), 1, row["status"])
            if not has:
                unfound.append((row["path"], row["status"], list(theirs)[:8]))
            recall.words(row["path"], words(row.get("text", "")), theirs, row["status"])
    bodies.print(False)
    for path, status, example in unfound:
        print(f"    no body: {path} ({status}): {' '.join(example)}")
    recall.print(verbose)


# -- PDF -----------------------------------------------------------------------------------------------

def pypdf_values(path):
    import pypdf
    reader = pypdf.PdfReader(path)
    if reader.is_encrypted and not reader.decrypt(""):
        return []
    filled = []
    for name, field in (reader.get_fields() or {}).items():
        kind, value = field.get("/FT"), field.get("/V")
        if hasattr(value, "get_object"):
            value = value.get_object()
        if kind == "/Sig" or value is None or field.get("/Kids") and kind is None:
            continue
        values = value if isinstance(value, list) else [value]
        values = [v.decode("latin-1") if isinstance(v, bytes) else str(v) for v in values]
        if kind == "/Btn":
            values = [v.removeprefix("/") for v in values if v not in ("/Off", "/")]
        values = [v for v in values if v.strip()]
        if values:
            filled.append((name, kind, values))
    return filled


def squeezed(text):
    return "".join(unicodedata.normalize("NFKC", str(text)).split()).lower()


def has_field(row, name, kind, values):
    """A field of that name with that value; a tick or choice counts by being on."""
    for field in row.get("fields", []):
        if squeezed(field["name"]) != squeezed(name):
            continue
        value = field["value"]
        if field["kind"] == "tick":
            if value and kind == "/Btn":
                return True
        elif field["kind"] in ("text", "choice"):
            ours = value if isinstance(value, list) else [value]
            if squeezed("".join(ours)) == squeezed("".join(values)):
                return True
            # A choice may be shown by its label and stored by its export value.
            if kind in ("/Ch", "/Btn") and any(v.strip() for v in ours):
                return True
    return False


def compare_fields(rows, folder, verbose):
    if not module("pypdf"):
        return
    by_kind = {kind: Recall(f"PDF form values that pypdf lists, {name}", per=" values")
               for kind, name in (("/Tx", "text"), ("/Ch", "choice"), ("/Btn", "tick and radio"))}
    total = Recall("PDF form values that pypdf lists", 0.98, " values")
    for row, filled in each(pypdf_values, rows, folder):
        if filled is None:
            total.no_peer += 1
            continue
        missing = [entry for entry in filled if not has_field(row, *entry)]
        for kind, recall in by_kind.items():
            of_kind = [entry for entry in filled if entry[1] == kind]
            recall.count(row["path"], sum(entry not in missing for entry in of_kind), len(of_kind))
        example = " ".join(f"{name}={values}" for name, _, values in missing[:4])
        total.count(row["path"], len(filled) - len(missing), len(filled), f"{row['status']}: {example}")
    total.print(verbose)
    for recall in by_kind.values():
        recall.print(False)


def pdftotext(path):
    return run(["pdftotext", "-q", "-layout", "-enc", "UTF-8", str(path), "-"])


def compare_pdf(rows, folder, verbose):
    compare_fields(rows, folder, verbose)
    if not program("pdftotext"):
        return
    all_files = Recall("PDF words of pdftotext -layout, all it reads", per=" words")
    read = Recall("PDF words of pdftotext -layout, those read ok or in part", 0.95, " words")
    ratios, faster = [], 0
    for row in rows:
        begin = time.perf_counter()
        text = pdftotext(folder / row["path"])
        took = time.perf_counter() - begin
        if text is None:
            all_files.no_peer += 1
            read.no_peer += 1
            continue
        theirs, ours = words(text.decode("utf-8", "replace")), words(row.get("text", ""))
        all_files.words(row["path"], ours, theirs, f"{row['status']} {row.get('reason') or ''}")
        if row["status"] in ("ok", "partial", "empty"):
            read.words(row["path"], ours, theirs, row["status"])
            ratios.append(row["seconds"] / took)
            faster += row["seconds"] <= took
    read.print(False)
    all_files.print(verbose)
    if ratios:
        print(f"PDF time in a warm worker over starting pdftotext: median {statistics.median(ratios):.2f} times, "
              f"{faster} of {len(ratios)} files faster")


# -- Word ----------------------------------------------------------------------------------------------

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
STORY = re.compile(r"^word/(document|header\d*|footer\d*|footnotes|endnotes)\d*\.xml$")
BREAKS = ("p", "br", "cr", "tab", "tc", "noBreakHyphen")


def main_part(archive):
    """Name of the document part by the package's relationships; Word calls it word/document.xml."""
    try:
        for rel in ElementTree.fromstring(archive.read("_rels/.rels")):
            if rel.get("Type", "").endswith("/officeDocument"):
                return rel.get("Target", "").lstrip("/")
    except Exception:
        pass
    return "word/document.xml"


def docx_walk(path):
    """(words of all text, prompts, answers in content controls) of all stories but comments."""
    text, prompts, answers = [], [], []

    def walk(node, sink):
        tag = node.tag.replace(STRICT, W) if isinstance(node.tag, str) else ""
        if tag in (FALLBACK, W + "del", W + "moveFrom", W + "sdtPr", W + "instrText", W + "delText"):
            return
        if tag == W + "sdt":
            properties = next((c for c in node if c.tag.replace(STRICT, W) == W + "sdtPr"), None)
            shows = properties is not None and any(
                p.tag.replace(STRICT, W) == W + "showingPlcHdr"
                and p.get(W + "val", p.get(STRICT + "val", "1")) not in ("0", "false", "off") for p in properties)
            inner = []
            for child in node:
                walk(child, inner)
            (prompts if shows else answers).append("".join(inner).strip())
            sink.extend(inner)
            return
        if tag == W + "t":
            sink.append(node.text or "")
        elif tag.startswith(W) and tag[len(W):] in BREAKS:
            sink.append("\n")
        for child in node:
            walk(child, sink)
        if tag == W + "p":
            sink.append("\n")

    with zipfile.ZipFile(path) as archive:
        main = main_part(archive)
        for name in archive.namelist():
            if name == main or STORY.match(name):
                walk(ElementTree.fromstring(archive.read(name)), text)
    return dict(words("".join(text))), prompts, answers


def compare_docx(rows, folder, verbose):
    recall = Recall("DOCX words of a full XML walk", 0.98, " words")
    prompts_seen, wrong = 0, []
    for row, walked in each(docx_walk, rows, folder):
        if walked is None:
            recall.no_peer += 1
            continue
        theirs, prompts, answers = walked
        recall.words(row["path"], words(row.get("text", "")), collections.Counter(theirs),
                     f"{row['status']} {row.get('reason') or ''}")
        prompts = collections.Counter(squeezed(p) for p in prompts if p.strip())
        prompts_seen += prompts.total()
        given = collections.Counter(squeezed(a) for a in row.get("answers", []) if a.strip())
        true = collections.Counter(squeezed(a) for a in answers if a.strip())
        for text in prompts:
            if given[text] > true[text]:
                wrong.append((row["path"], text))
    recall.print(verbose)
    print(f"DOCX prompts of content controls given as answers: {len(wrong)} of {prompts_seen}")
    for path, text in wrong:
        print(f"    {path}: {text[:60]}")


# -- texts by LibreOffice ------------------------------------------------------------------------------

def soffice_texts(paths):
    """Text by path. Files share a start of the program; one that ends it is tried alone."""
    texts = {}

    def convert(batch):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            names = {}
            for number, path in enumerate(batch):
                copy = folder / f"{number}{path.suffix.lower()}"
                shutil.copyfile(path, copy)
                names[path] = folder / "out" / f"{number}.txt"
            arguments = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to",
                         "txt:Text (encoded):UTF8", "--outdir", str(folder / "out")]
            arguments += [str(folder / f"{number}{path.suffix.lower()}") for number, path in enumerate(batch)]
            try:
                subprocess.run(arguments, capture_output=True, timeout=30 + SOFFICE_SECONDS_PER_FILE * len(batch))
            except subprocess.TimeoutExpired:
                pass
            for path, out in names.items():
                if out.is_file():
                    texts[path] = out.read_text("utf-8", "replace")

    for at in range(0, len(paths), SOFFICE_BATCH):
        batch = paths[at:at + SOFFICE_BATCH]
        convert(batch)
        for path in batch:
            if path not in texts:
                convert([path])
    return texts


def compare_with_soffice(name, rows, folder, verbose):
    if not program("soffice"):
        return
    texts = soffice_texts([folder / row["path"] for row in rows])
    recall = Recall(f"{name} words of LibreOffice's text, all it reads", per=" words")
    read = Recall(f"{name} words of LibreOffice's text, those read ok or in part", per=" words")
    for row in rows:
        text = texts.get(folder / row["path"])
        if not text:
            recall.no_peer += 1
            read.no_peer += 1
            continue
        theirs, ours = words(text), words(row.get("text", ""))
        recall.words(row["path"], ours, theirs, f"{row['status']} {row.get('reason') or ''}")
        if row["status"] in ("ok", "partial"):
            read.words(row["path"], ours, theirs)
    read.print(False)
    recall.print(verbose)


def antiword(path):
    out = run(["antiword", "-m", "UTF-8.txt", "-w", "0", str(path)])
    return out and dict(words(out.decode("utf-8", "replace")))


def compare_doc(rows, folder, verbose):
    if program("antiword"):
        recall = Recall("DOC words of antiword", per=" words")
        for row, theirs in each(antiword, rows, folder):
            if not theirs:
                recall.no_peer += 1
            else:
                recall.words(row["path"], words(row.get("text", "")), collections.Counter(theirs), row["status"])
        recall.print(verbose)
    compare_with_soffice("DOC", rows, folder, verbose)


# -- Outlook -------------------------------------------------------------------------------------------

def tnefparse_list(path):
    from tnefparse import TNEF
    tnef = TNEF(path.read_bytes(), do_checksum=False)
    return [(str(a.long_filename() or a.name or "").strip("\0"), len(a.data)) for a in tnef.attachments]


def tnef_list(path):
    out = run(["tnef", "--list", "--verbose", "-f", str(path)])
    if out is None:
        return None
    listed = []
    for line in out.decode("utf-8", "replace").splitlines():
        parts = [part.strip() for part in line.split("|")]
        if len(parts) >= 3 and parts[0].isdigit():
            listed.append((parts[2], int(parts[0])))
    return listed


def msg_list(path):
    import extract_msg
    listed = []
    with extract_msg.openMsg(str(path), delayAttachments=False, strict=False) as message:
        for attachment in message.attachments:
            data = attachment.data
            size = len(data) if isinstance(data, (bytes, bytearray)) else None
            names = (attachment.longFilename, attachment.shortFilename, getattr(attachment, "name", None))
            name = next((name for name in names if name), "")
            listed.append((str(name).strip("\0"), size))
    return listed


def unlisted(theirs, ours):
    """Those of theirs without a row of ours: by size, then by name, each row of ours standing for one."""
    # An attached mail is listed by its subject; some add what Outlook would call the file.
    def plain(name):
        return squeezed(name or "").removesuffix(".msg")

    left = [(plain(row["filename"]), row["bytes"]) for row in ours]
    missing = []
    for rule in (lambda name, size, row: size is not None and size == row[1] and name == row[0],
                 lambda name, size, row: size is not None and size == row[1],
                 lambda name, size, row: name and name == row[0],
                 lambda name, size, row: size is None and not name):
        missing = []
        for name, size in theirs:
            match = next((row for row in left if rule(plain(name), size, row)), None)
            if match is None:
                missing.append((name, size))
            else:
                left.remove(match)
        theirs = missing
    return missing


def compare_attachments(name, call, rows, folder):
    recall = Recall(f"attachments that {name} lists", "all", " attachments")
    shortfalls = []
    for row, theirs in each(call, rows, folder):
        if theirs is None:
            recall.no_peer += 1
            continue
        # The first row is the file itself.
        missing = unlisted(theirs, row.get("attachments", [])[1:])
        recall.count(row["path"], len(theirs) - len(missing), len(theirs))
        if missing:
            shortfalls.append((row["path"], row["status"], row.get("reason"), missing[:4]))
    recall.print(False)
    for shortfall in shortfalls:
        print("    not listed:", *shortfall)


def compare_tnef(rows, folder, verbose):
    if module("tnefparse"):
        compare_attachments("tnefparse", tnefparse_list, rows, folder)
    if program("tnef"):
        compare_attachments("tnef", tnef_list, rows, folder)


def msg_body(path):
    import extract_msg
    with extract_msg.openMsg(str(path), strict=False) as message:
        return dict(words(message.body or ""))


def compare_msg(rows, folder, verbose):
    if not module("extract_msg"):
        return
    compare_attachments("extract_msg", msg_list, rows, folder)
    recall = Recall("MSG words of extract_msg's plain body", per=" words")
    for row, theirs in each(msg_body, rows, folder):
        if theirs is None:
            recall.no_peer += 1
        else:
            recall.words(row["path"], words(row.get("text", "")), collections.Counter(theirs), row["status"])
    recall.print(verbose)


# -- all -----------------------------------------------------------------------------------------------

COMPARISONS = {
    "mail": compare_mime,
    "pdf": compare_pdf,
    "docx": compare_docx,
    "doc": compare_doc,
    "odt": lambda *given: compare_with_soffice("ODT", *given),
    "rtf": lambda *given: compare_with_soffice("RTF", *given),
    "tnef": compare_tnef,
    "msg": compare_msg,
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("read", type=Path, help="what the corpus run wrote with --json")
    arguments.add_argument("--only", help="formats, with commas between")
    arguments.add_argument("--verbose", action="store_true", help="every file that falls short")
    given = arguments.parse_args()
    rows = [json.loads(line) for line in given.read.open()]
    wanted = given.only.split(",") if given.only else COMPARISONS
    for name in wanted:
        of_format = [row for row in rows if row["format"] == name]
        print(f"== {name}: {len(of_format)} files")
        if of_format:
            COMPARISONS[name](of_format, given.folder, given.verbose)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
