// Numbers, money, times and shares as a reader of a language and a zone writes them.

import type { Language } from "./language";

/** Writes values. Everywhere nothing (`null` or `undefined`) is a dash. */
export interface Formats {
  /** A count: `1,234`. */
  count(value: number | null | undefined): string;
  /** A count in little space: `1.2k`. */
  countShort(value: number | null | undefined): string;
  /** A number with up to `digits` decimals (1 if left out). */
  decimal(value: number | null | undefined, digits?: number): string;
  /** A share from 0 to 1 in per cent, with one decimal (or `digits`). */
  share(value: number | null | undefined, digits?: number): string;
  /** A 95 % interval of shares: `7.2–12.6 %`. */
  interval(low: number | null | undefined, high: number | null | undefined): string;
  /** A change as ratio less one, with its sign: `+6.4 %`. */
  change(ratio: number | null | undefined): string;
  /** A difference of shares in percentage points, with its sign: `−1.0 pp`. */
  points(points: number | null | undefined): string;
  /** An amount in cents: `€213,032`; cents show where there are some. */
  money(cents: number | null | undefined, currency?: string): string;
  /** An amount in little space: `€1.2m`. */
  moneyShort(cents: number | null | undefined, currency?: string): string;
  /** A time span in milliseconds: `2 min 5 s`. */
  duration(ms: number | null | undefined): string;
  /** A short span in milliseconds, as of a measurement: `340 ms`, `1.25 s`. */
  latency(ms: number | null | undefined): string;
  /** The day of an instant (RFC 3339). */
  date(instant: string | null | undefined): string;
  /** Day and month: for axes. */
  dateShort(instant: string | null | undefined): string;
  /** Day and time of an instant, to the minute. */
  dateTime(instant: string | null | undefined): string;
  /** Day and time of an instant, to the millisecond. */
  dateTimeExact(instant: string | null | undefined): string;
  /** Time of day of an instant, to the second. */
  time(instant: string | null | undefined): string;
  /** How long ago an instant is, seen from `now` (milliseconds of the epoch): `5 minutes ago`. */
  ago(instant: string | null | undefined, now: number): string;
  /** Bytes: `4.2 MB`. */
  bytes(value: number | null | undefined): string;
}

const DASH = "–";
const LOCALES: Record<Language, string> = { de: "de-AT", en: "en-GB" };
const POINTS: Record<Language, string> = { de: "PP", en: "pp" };
const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** Makes the formats of a language and an IANA zone. */
export function makeFormats(language: Language, tz: string): Formats {
  const locale = LOCALES[language];
  const number = (options: Intl.NumberFormatOptions) => {
    const format = new Intl.NumberFormat(locale, options);
    return (value: number) => format.format(value);
  };
  const instant = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone: tz, ...options });
    return orDash((text: string) => format.format(new Date(text)));
  };
  const signed = (options: Intl.NumberFormatOptions) => {
    const format = number({ signDisplay: "exceptZero", ...options });
    return (value: number) => format(value).replace("-", "−");
  };
  const points = signed(digitsOf(1));
  const short = { notation: "compact", maximumFractionDigits: 1 } as const;
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const day = { day: "numeric", month: "short", year: "numeric" } as const;
  const minute = { hour: "2-digit", minute: "2-digit" } as const;
  const second = { ...minute, second: "2-digit" } as const;
  const share = (value: number | null | undefined, digits = 1) =>
    orDash(number({ style: "percent", ...digitsOf(digits) }))(value);
  return {
    count: orDash(number({ maximumFractionDigits: 0 })),
    countShort: orDash(number(short)),
    decimal: (value, digits = 1) => orDash(number({ maximumFractionDigits: digits }))(value),
    share,
    interval: (low, high) =>
      low == null || high == null ? DASH : `${share(low)} ${DASH} ${share(high)}`,
    change: orDash(signed({ style: "percent", ...digitsOf(1) })),
    points: orDash((value) => `${points(value)} ${POINTS[language]}`),
    money: (cents, currency = "EUR") =>
      orDash((value: number) => writeMoney(locale, value, currency))(cents),
    moneyShort: (cents, currency = "EUR") =>
      orDash((value: number) => number({ style: "currency", currency, ...short })(value / 100))(
        cents,
      ),
    duration: orDash((ms) => writeDuration(ms, number({ maximumFractionDigits: 1 }))),
    latency: orDash((ms) => writeLatency(ms, number)),
    date: instant(day),
    dateShort: instant({ day: "numeric", month: "numeric" }),
    dateTime: instant({ ...day, ...minute }),
    dateTimeExact: instant({ ...day, ...second, fractionalSecondDigits: 3 }),
    time: instant(second),
    ago: (text, now) => orDash((value: string) => writeAgo(relative, value, now))(text),
    bytes: orDash((value) => writeBytes(value, number({ maximumFractionDigits: 1 }))),
  };
}

function digitsOf(digits: number): Intl.NumberFormatOptions {
  return { minimumFractionDigits: digits, maximumFractionDigits: digits };
}

function orDash<V>(write: (value: V) => string): (value: V | null | undefined) => string {
  return (value) => (value === null || value === undefined ? DASH : write(value));
}

function writeMoney(locale: string, cents: number, currency: string): string {
  const digits = cents % 100 === 0 ? 0 : 2;
  return new Intl.NumberFormat(locale, {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(cents / 100);
}

function writeDuration(ms: number, decimal: (value: number) => string): string {
  if (ms < 10_000) return `${decimal(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

function writeLatency(
  ms: number,
  number: (options: Intl.NumberFormatOptions) => (value: number) => string,
): string {
  if (ms >= 1000) return `${number({ maximumFractionDigits: 2 })(ms / 1000)} s`;
  return `${number({ maximumFractionDigits: ms < 10 ? 1 : 0 })(ms)} ms`;
}

function writeAgo(relative: Intl.RelativeTimeFormat, instant: string, now: number): string {
  const seconds = Math.min(0, (Date.parse(instant) - now) / 1000);
  const [unit, size] = UNITS.find(([, size]) => -seconds >= size) ?? ["second", 1];
  return relative.format(Math.trunc(seconds / size), unit);
}

function writeBytes(bytes: number, decimal: (value: number) => string): string {
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(bytes || 1) / 3)));
  return `${decimal(bytes / 1000 ** power)} ${units[power]}`;
}
