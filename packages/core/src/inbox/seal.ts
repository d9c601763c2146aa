import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { textBytes, concat, encode, toBuffer, utf8 } from '../body/bytes.ts'
import type { Arrival, KeptRequest } from './journal.ts'
import {
  decodeDelivery,
  decodeEvent,
  decodeKept,
  encodeDelivery,
  encodeEvent,
  encodeKept,
  packParts,
  unpackParts,
} from './codec.ts'
import { errorText } from '../errors.ts'
import type { EventRecord, StoredDelivery } from '../event.ts'
import type { Claim, Consumer, Intake, Port } from './inbox.ts'

/**
 * Value of a `key` option: 32 bytes, as a byte array, base64 or hex. Of several keys, the first one encrypts, and all
 * of them can decrypt.
 */
export type KeyOption = string | Uint8Array | readonly (string | Uint8Array)[]

/** Encrypts values. Each value is bound to its place: a text that says where the value is stored. */
export interface Seal {
  seal(text: string, place: string): string
  /** Decrypts a value. Throws if no key fits, if the value was changed, or if it was sealed for another place. */
  open(sealed: string, place: string): string
  sealBytes(bytes: Uint8Array, place: string): Uint8Array
  /** Decrypts bytes. Throws as {@link Seal.open} does. */
  openBytes(sealed: Uint8Array, place: string): Uint8Array
}

// Layout of an encrypted value: version, key id, nonce, tag (NIST SP 800-38D), ciphertext. Lengths are in bytes.
const VERSION = 1
const ID = 4
const NONCE = 12
const TAG = 16
const HEAD = 1 + ID + NONCE + TAG

/**
 * Creates a seal. It uses AES-256-GCM with a random nonce. The place is additional data, so that a value that was moved
 * to another place cannot be decrypted. Throws a `TypeError` that names `option` if a key is wrong.
 */
export function createSeal(given: KeyOption, option = 'key'): Seal {
  const list = Array.isArray(given) ? (given as readonly (string | Uint8Array)[]) : [given]
  const keys = list.map((each) => toKey(each as string | Uint8Array, option))
  const [first] = keys
  if (!first) throw new TypeError(`${option} must not be an empty list`)
  return {
    seal: (text, place) => encode(sealBytes(toBuffer(text), place), 'base64url'),
    open: (sealed, place) => utf8(openBytes(textBytes(sealed, 'base64url'), place)),
    sealBytes,
    openBytes,
  }

  function sealBytes(bytes: Uint8Array, place: string): Uint8Array {
    const nonce = randomBytes(NONCE)
    const cipher = createCipheriv('aes-256-gcm', first!.bytes, nonce)
    cipher.setAAD(toBuffer(place))
    const sealed = [cipher.update(bytes), cipher.final()]
    return concat([Uint8Array.of(VERSION), first!.id, nonce, cipher.getAuthTag(), ...sealed])
  }

  function openBytes(sealed: Uint8Array, place: string): Uint8Array {
    const bytes = toBuffer(sealed)
    const id = bytes.subarray(1, 1 + ID)
    const key = keys.find((each) => each.id.equals(id))
    if (bytes[0] !== VERSION || bytes.length < HEAD || !key)
      throw new Error(
        `${option}: the data kept for ${place} is encrypted with a key that was not given: add that key after the newest one`,
      )
    try {
      const nonce = bytes.subarray(1 + ID, 1 + ID + NONCE)
      const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: TAG })
      decipher.setAAD(toBuffer(place))
      decipher.setAuthTag(bytes.subarray(1 + ID + NONCE, HEAD))
      return concat([decipher.update(bytes.subarray(HEAD)), decipher.final()])
    } catch (error) {
      throw new Error(
        `${option}: the data kept for ${place} was changed, or was moved from another row: restore the row from a backup, or erase the event`,
        { cause: error },
      )
    }
  }
}

function toKey(
  given: string | Uint8Array,
  option: string,
): { readonly id: ReturnType<typeof toBuffer>; readonly bytes: Uint8Array } {
  const bytes =
    typeof given !== 'string'
      ? given
      : textBytes(given, /^[0-9a-fA-F]{64}$/.test(given) ? 'hex' : 'base64')
  if (!(bytes instanceof Uint8Array) || bytes.length !== 32)
    throw new TypeError(
      `${option} must be 32 random bytes, or their base64 or hex: node -p "crypto.randomBytes(32).toString('base64')" makes one`,
    )
  // The id identifies the key without revealing it.
  return { bytes, id: createHash('sha256').update(bytes).digest().subarray(0, ID) }
}

// Starts with a private-use character, which no header name of a request can contain.
const SEALED = '\ue001sealed'

/** Encrypts head and body of a rejected delivery, but not its path. `id` is the delivery's id in the journal. */
export function sealKept(seal: Seal, id: string, kept: KeptRequest): KeptRequest {
  return {
    url: kept.url.split(/[?#]/, 1)[0]!,
    headers: [[SEALED, '1']],
    body: seal.sealBytes(packParts(encodeKept(kept)), placeOf(id)),
  }
}

/**
 * Returns true if head and body of a rejected delivery are encrypted (`storage.encryptionKey`).
 *
 * @example
 * const arrival = await inbox.journal.delivery(id)
 * const readable = isSealed(arrival) ? openKept(createSeal(key), arrival) : arrival
 */
export function isSealed({ kept }: Pick<Arrival, 'kept'>): boolean {
  return kept?.headers[0]?.[0] === SEALED
}

/**
 * Returns a rejected delivery with decrypted head and body. If the delivery is not encrypted, returns it unchanged.
 * Throws an `Error` if no key fits, or if the data was changed.
 *
 * @example
 * const arrival = await inbox.journal.delivery(id)
 * const { kept } = openKept(createSeal(key), arrival)
 * await explain({ ...kept, method: arrival.method }, provider)
 */
export function openKept(seal: Seal, arrival: Arrival): Arrival {
  if (!arrival.kept || !isSealed(arrival)) return arrival
  const { head, body } = unpackParts(seal.openBytes(arrival.kept.body, placeOf(arrival.id)))
  return { ...arrival, kept: decodeKept(head, body) }
}

function placeOf(id: string): string {
  return `rejected ${id}`
}

// Starts with a private-use character, so that no sender's payload looks encrypted.
const MARK = '\ue001sealed:'

/** Stored instead of the headers of an encrypted delivery. */
const SEALED_HEADERS: StoredDelivery['headers'] = [['x-postern-sealed', '1']]

/**
 * Wraps a port so that its inbox stores encrypted payloads, headers, queries and context; handlers get them decrypted.
 * Topic, ids, tenant and times stay readable, since inboxes search and sort by them. `attach` attaches a consumer to
 * the inbox.
 */
export function sealedPort(
  seal: Seal,
  consumer: Consumer,
  attach: (consumer: Consumer) => Port,
): Port {
  const open = new WeakMap<Claim, Claim>()
  const port = attach({
    ...consumer,
    run(claim, signal) {
      try {
        const readable = openClaim(seal, claim)
        open.set(claim, readable)
        return consumer.run(readable, signal)
      } catch (error) {
        // A retry would fail too, since the key is missing. As a dead task, it can be replayed once the key is there.
        return { kind: 'dead', error: { name: 'SealedEvent', message: errorText(error) } }
      }
    },
    settled: (claim, ...rest) => consumer.settled(open.get(claim) ?? claim, ...rest),
  })
  return { ...port, accept: (intake, host) => port.accept(sealed(seal, intake), host) }
}

// Members are copied one by one, since a spread does not copy the methods of a class.
function openClaim(seal: Seal, claim: Claim): Claim {
  const { id, subscription, part, data, attempt } = claim
  return {
    id,
    subscription,
    part,
    data,
    attempt,
    ...opened(seal, { event: claim.event, delivery: claim.delivery }),
    ...(claim.onLost && { onLost: (stop: (reason: Error) => void) => claim.onLost!(stop) }),
    commit: claim.commit && ((write, spawn) => claim.commit!(write, spawn)),
    commitIn: claim.commitIn && ((transaction, spawn) => claim.commitIn!(transaction, spawn)),
    conflict: claim.conflict && ((error) => claim.conflict!(error)),
  }
}

function sealed(seal: Seal, { delivery, items }: Intake): Intake {
  const { method, url, receivedAt } = delivery
  return {
    delivery: {
      method,
      url: url.split(/[?#]/, 1)[0]!,
      headers: SEALED_HEADERS,
      body: seal.sealBytes(packParts(encodeDelivery(delivery)), 'delivery'),
      receivedAt,
    },
    items: items.map(({ event, tasks }) => ({ event: sealEvent(seal, event), tasks })),
  }
}

/** Returns an event with its payload encrypted, as a receiver with `storage.encryptionKey` stores it. */
export function sealEvent(seal: Seal, event: EventRecord): EventRecord {
  const { source: _, ...rest } = event
  const bytes = seal.sealBytes(toBuffer(encodeEvent(event)), event.key)
  return { ...rest, payload: MARK + encode(bytes, 'base64') }
}

/**
 * Decrypts an event and its delivery from an inbox. Data that was stored without encryption is returned unchanged.
 * Throws an `Error` if no key fits.
 *
 * @example
 * const task = await inbox.view.get(id)
 * const { record, delivery } = opened(createSeal(key), { event: task.record, delivery: task.delivery })
 */
export function opened<Kept extends Pick<Claim, 'event' | 'delivery'>>(
  seal: Seal,
  kept: Kept,
): Kept {
  const { payload, key } = kept.event
  if (typeof payload !== 'string' || !payload.startsWith(MARK)) return kept
  const bytes = seal.openBytes(textBytes(payload.slice(MARK.length), 'base64'), key)
  const event = decodeEvent(utf8(bytes))
  const { origin, carrier, erased } = kept.event
  // The inbox may have added these members after the event was encrypted.
  const added = {
    ...(origin !== undefined && { origin }),
    ...(carrier && { carrier }),
    ...(erased && { erased }),
  }
  // The delivery of an erased event is not encrypted.
  if (erased) return { ...kept, event: { ...event, ...added } }
  const { head, body } = unpackParts(seal.openBytes(kept.delivery.body, 'delivery'))
  return { ...kept, event: { ...event, ...added }, delivery: decodeDelivery(head, body) }
}
