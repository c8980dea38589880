// Numbers as an English reader expects them on screen.

const DASH = "–";

/** A count: `1,234`. */
export function count(number) {
  return new Intl.NumberFormat("en-GB").format(number);
}

/** A share from 0 to 1: `7.5%`; a dash for nothing. */
export function share(value) {
  const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return value == null
    ? DASH
    : new Intl.NumberFormat("en-GB", { style: "percent", ...digits }).format(value);
}

/** An amount in cents: `€213,032`, with cents where there are some; a dash for nothing. */
export function money(cents) {
  if (cents == null) return DASH;
  const digits = cents % 100 === 0 ? 0 : 2;
  return new Intl.NumberFormat("en-GB", {
    style: "currency",
    currency: "EUR",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(cents / 100);
}
