// Files that the browser saves.

/** Lets the browser save a file under a name. */
export function download(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // Safari reads the address after the click.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A name for a file: words in small letters, and the day. */
export function fileName(words: string, extension: string, now = new Date()): string {
  const plain = words
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-zA-Z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .toLowerCase();
  return `nest-haus-${plain}-${now.toISOString().slice(0, 10)}.${extension}`;
}
