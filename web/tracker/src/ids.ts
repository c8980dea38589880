// Makes the ids of events, sessions, tabs and visitors: UUIDv7 (RFC 9562), whose order is the order in
// which this page made them, also when the clock is set back.

let lastTime = 0;
let counter = 0;

/** A new UUIDv7 of this moment. */
export function uuidV7(): string {
  counter = (counter + 1) % 4096;
  lastTime = Math.max(lastTime + (counter ? 0 : 1), Date.now());
  const [first = 0, ...random] = crypto.getRandomValues(new Uint8Array(8));
  const digits = hex(lastTime, 12) + hex(0x7000 + counter, 4) + hex(0x80 | (first & 0x3f), 2);
  return (digits + random.map((byte) => hex(byte, 2)).join("")).replace(
    /(.{8})(.{4})(.{4})(.{4})/,
    "$1-$2-$3-$4-",
  );
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0");
}
