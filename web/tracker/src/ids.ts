// Makes the ids of events, sessions, tabs and visitors: UUIDv7 (RFC 9562), whose order is the order in
// which this page made them, also when the clock is set back. Time and counter tell the ids of a page
// apart, random bits that are drawn once tell those of pages apart.

let lastTime = 0;
let counter = 0;
let ofPage: string | undefined;

/** A new UUIDv7 of this moment. */
export function uuidV7(): string {
  counter = (counter + 1) % 4096;
  lastTime = Math.max(lastTime + (counter ? 0 : 1), Date.now());
  ofPage ??= randomBits();
  const time = hex(lastTime, 12).replace(/.{8}/, "$&-");
  return `${time}-${hex(0x7000 + counter, 4)}${ofPage}`;
}

function randomBits(): string {
  return "-8xxx-xxxxxxxxxxxx".replace(/x/g, () => {
    return hex(Number(crypto.getRandomValues(new Uint8Array(1))) % 16, 1);
  });
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0");
}
