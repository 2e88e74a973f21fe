/**
 * What this browser keeps until the server has it: attempts, their slices and parts, and reports that wait.
 *
 * Writes are durable when they resolve. Where IndexedDB is missing or full the same values are kept in memory, so
 * that recording and uploading go on; `problem` then says that a reload would lose what is not yet uploaded.
 */

import { openDB } from "./idb.js";

/** @typedef {"attempts" | "uploads" | "slices" | "parts" | "outbox" | "kept"} StoreName */
/** @typedef {[store: StoreName, key: string, value: unknown]} Entry */

const NAME = "greenroom";
const VERSION = 1;
/** @type {StoreName[]} */
const STORES = ["attempts", "uploads", "slices", "parts", "outbox", "kept"];

/** Changes told to every page and tab of this origin. */
const CHANNEL = "greenroom-database";

export class Database extends EventTarget {
  /** @type {import("idb").IDBPDatabase | null} */
  #disk;
  #memory = new Map(STORES.map((name) => [name, new Map()]));
  #channel = new BroadcastChannel(CHANNEL);
  #outboxed = 0;
  /** @type {"storage_missing" | "storage_full" | null} */
  problem = null;

  /** @param {import("idb").IDBPDatabase | null} disk null keeps everything in memory */
  constructor(disk) {
    super();
    this.#disk = disk;
    if (!disk) this.problem = "storage_missing";
    this.#channel.onmessage = () => this.dispatchEvent(new Event("change"));
  }

  /** All entries or none. @param {Entry[]} entries */
  async write(entries) {
    if (this.#disk) {
      try {
        const names = [...new Set(entries.map(([store]) => store))];
        const transaction = this.#disk.transaction(names, "readwrite", { durability: "strict" });
        for (const [store, key, value] of entries)
          void transaction.objectStore(store).put(value, key).catch(ignored);
        transaction.commit(); // from here on it is done even when this page is gone
        await transaction.done;
        for (const [store, key] of entries) this.#kept(store).delete(key);
        if (this.problem === "storage_full") this.#say(null);
        return;
      } catch (error) {
        this.#failed(error);
      }
    }
    for (const [store, key, value] of entries) this.#kept(store).set(key, value);
  }

  /** @param {StoreName} store @param {string} key @returns {Promise<any>} undefined where there is none */
  async get(store, key) {
    const kept = this.#kept(store).get(key);
    return kept !== undefined || !this.#disk ? kept : this.#disk.get(store, key);
  }

  /** Values whose keys begin with `prefix`, in the keys' order. @param {StoreName} store @param {string} [prefix] @returns {Promise<any[]>} */
  async list(store, prefix = "") {
    return (await this.entries(store, prefix)).map(([, value]) => value);
  }

  /** @param {StoreName} store @param {string} [prefix] @param {number} [most] @returns {Promise<[string, any][]>} */
  async entries(store, prefix = "", most) {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    /** @type {Map<string, any>} */
    const found = new Map();
    if (this.#disk) {
      const transaction = this.#disk.transaction(store);
      const [keys, values] = await Promise.all([
        transaction.store.getAllKeys(range, most),
        transaction.store.getAll(range, most),
      ]);
      keys.forEach((key, index) => {
        found.set(String(key), values[index]);
      });
    }
    for (const [key, value] of this.#kept(store)) if (key.startsWith(prefix)) found.set(key, value);
    const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
    return most === undefined ? sorted : sorted.slice(0, most);
  }

  /** @param {StoreName} store @param {string[]} keys */
  async remove(store, keys) {
    for (const key of keys) this.#kept(store).delete(key);
    if (!this.#disk) return;
    const transaction = this.#disk.transaction(store, "readwrite");
    for (const key of keys) void transaction.store.delete(key).catch(ignored);
    await transaction.done;
  }

  /** @param {StoreName} store @param {string} prefix not empty */
  async removeAll(store, prefix) {
    for (const key of [...this.#kept(store).keys()])
      if (key.startsWith(prefix)) this.#kept(store).delete(key);
    await this.#disk?.delete(store, IDBKeyRange.bound(prefix, `${prefix}\uffff`));
  }

  /** Tell every page and tab, this one included, that there is something new. */
  changed() {
    this.#channel.postMessage(null);
    this.dispatchEvent(new Event("change"));
  }

  /** Queue a report; reports of one kind come out in the order in which they went in. @param {string} kind @param {unknown} value */
  async addToOutbox(kind, value) {
    const key = `${kind}/${String(Date.now()).padStart(15, "0")}/${String(this.#outboxed++).padStart(6, "0")}`;
    await this.write([["outbox", key, value]]);
    this.changed();
  }

  /** @param {string} kind @param {number} most @returns {Promise<{id: string, value: any}[]>} */
  async takeOutbox(kind, most) {
    const found = await this.entries("outbox", `${kind}/`, most);
    return found.map(([id, value]) => ({ id, value }));
  }

  /** @param {string[]} ids */
  removeFromOutbox(ids) {
    return this.remove("outbox", ids);
  }

  /** @param {string} name @returns {Promise<any>} */
  recall(name) {
    return this.get("kept", name);
  }

  /** @param {string} name @param {unknown} value */
  keep(name, value) {
    return this.write([["kept", name, value]]);
  }

  /** @param {StoreName} store @returns {Map<string, any>} */
  #kept(store) {
    return /** @type {Map<string, any>} */ (this.#memory.get(store));
  }

  /** @param {unknown} error */
  #failed(error) {
    const full = error instanceof DOMException && error.name === "QuotaExceededError";
    if (!full) this.#disk = null; // closed by the browser, or broken: it will not come back in this page
    this.#say(full ? "storage_full" : "storage_missing");
  }

  /** @param {Database["problem"]} problem */
  #say(problem) {
    if (this.problem === problem) return;
    this.problem = problem;
    this.dispatchEvent(new Event("problem"));
  }
}

/** @returns {Promise<Database>} in memory where the browser has no storage for us */
export async function openDatabase() {
  try {
    const disk = await openDB(NAME, VERSION, {
      upgrade(database) {
        for (const name of STORES) database.createObjectStore(name);
      },
    });
    // Firefox would ask the candidate with a prompt of its own, in the middle of ours.
    if (!navigator.userAgent.includes("Firefox"))
      await navigator.storage?.persist?.().catch(ignored);
    return new Database(disk);
  } catch {
    return new Database(null);
  }
}

// One failed request fails its transaction, and that is what we await.
function ignored() {}
