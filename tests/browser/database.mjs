// Databases for a test alone, beside the one of DATABASE_URL, whose server they share.

import { randomBytes } from "node:crypto";
import pg from "pg";

/**
 * Makes a database, empty or a copy of `template`, until `drop` is called. `settings` are the variables of the
 * environment by which the program works with it, and with keys of its own in Redis.
 */
export async function createDatabase(template = "template0") {
  const name = `nest_haus_${randomBytes(6).toString("hex")}`;
  await query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  return {
    settings: settingsOf(name),
    drop: () => query(`DROP DATABASE ${name} WITH (FORCE)`),
  };
}

/**
 * Makes a database to copy from, if there is none of this name yet: `fill` gets its settings. It stays, for tests
 * that come later; those that ask meanwhile wait.
 */
export async function createTemplate(name, fill) {
  const client = await connect();
  try {
    await client.query("SELECT pg_advisory_lock(hashtext($1))", [name]);
    await makeTemplate(name, fill);
  } finally {
    await client.end();
  }
}

async function makeTemplate(name, fill) {
  const { rowCount } = await query("SELECT FROM pg_database WHERE datname = $1", [name]);
  if (rowCount > 0) return;
  const unfinished = `${name}_${randomBytes(6).toString("hex")}`;
  await query(`CREATE DATABASE ${unfinished} TEMPLATE template0`);
  await fill(settingsOf(unfinished));
  await query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`);
}

function settingsOf(name) {
  const url = new URL(process.env.DATABASE_URL);
  url.pathname = `/${name}`;
  return { DATABASE_URL: url.href, REDIS_KEY_PREFIX: `${name}:` };
}

/** Runs a statement in the database of `settings`, or in that of DATABASE_URL. */
export async function query(text, values = [], { DATABASE_URL } = process.env) {
  const client = await connect(DATABASE_URL);
  try {
    return await client.query(text, values);
  } finally {
    await client.end();
  }
}

async function connect(connectionString = process.env.DATABASE_URL) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}
