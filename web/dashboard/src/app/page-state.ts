// A page's own filters in the address: which parameters there are, and how they are read and written.

import { oneOf, type Search } from "./view";

/** How one parameter is read and written. Nothing is written for its default. */
export interface Field<Value> {
  parse(text: string | undefined): Value;
  write(value: Value): string | undefined;
}

/** Fields by their parameters. */
export type Fields<State> = { readonly [Key in keyof State]: Field<State[Key]> };

/** The state that fields read and write: `StateOf<typeof fields>`. */
export type StateOf<All> = {
  -readonly [Key in keyof All]: All[Key] extends Field<infer Value> ? Value : never;
};

/** Any text; empty by default. */
export function text(): Field<string> {
  return { parse: (given) => given ?? "", write: (value) => value || undefined };
}

/** One of some words; `fallback` by default. */
export function choice<Word extends string>(
  words: readonly Word[],
  fallback: NoInfer<Word>,
): Field<Word> {
  return {
    parse: (given) => oneOf(words, given) ?? fallback,
    write: (value) => (value === fallback ? undefined : value),
  };
}

/** One of some words, or nothing. */
export function optionalChoice<Word extends string>(
  words: readonly Word[],
): Field<Word | undefined> {
  return { parse: (given) => oneOf(words, given), write: (value) => value };
}

/** A whole number from `min` to `max`, or nothing. */
export function optionalInteger(min: number, max: number): Field<number | undefined> {
  return {
    parse: (given) => {
      const value = Number(given?.trim() || Number.NaN);
      return Number.isInteger(value) && value >= min && value <= max ? value : undefined;
    },
    write: (value) => value?.toString(),
  };
}

/** Yes, no, or nothing. */
export function optionalFlag(): Field<boolean | undefined> {
  return {
    parse: (given) => (given === "true" ? true : given === "false" ? false : undefined),
    write: (value) => value?.toString(),
  };
}

/** Reads a page's state. */
export function parseState<State extends object>(fields: Fields<State>, search: Search): State {
  const entries = keysOf(fields).map((key) => [key, fields[key].parse(search[key])]);
  // `Object.fromEntries` forgets which type belongs to which key.
  return Object.fromEntries(entries) as State;
}

/** What takes the state of fields back to their defaults; nothing, where it is there already. */
export function resetOf<State extends object>(
  fields: Fields<State>,
  state: NoInfer<State>,
  onChange: (change: NoInfer<State>) => void,
): (() => void) | undefined {
  const isSet = keysOf(fields).some((key) => fields[key].write(state[key]) !== undefined);
  return isSet ? () => onChange(parseState(fields, {})) : undefined;
}

/** Writes a page's state over the parameters that an address has. */
export function writeState<State extends object>(
  fields: Fields<State>,
  search: Search,
  state: State,
): Search {
  const written: Record<string, string> = { ...search };
  for (const key of keysOf(fields)) {
    const value = fields[key].write(state[key]);
    if (value === undefined) delete written[key];
    else written[key] = value;
  }
  return written;
}

function keysOf<State extends object>(fields: Fields<State>): (keyof State & string)[] {
  // `Object.keys` forgets which keys an object has.
  return Object.keys(fields) as (keyof State & string)[];
}
