import { randomUUID, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { createTopicTable, milliseconds } from '@postern/core/internal'
import type { Duration, Json } from '@postern/core'
import type { Records } from '@postern/core/inbox'
import type { Seal } from '@postern/core/engine'
import { DestinationRejected, type AddressGuard } from '@postern/core/guard'
import { signer } from './signer.ts'
import { standardWebhooksScheme } from '@postern/core/scheme'

interface RegistryHost {
  readonly source: string
  readonly records: Records
  readonly seal: Seal
  readonly guard: AddressGuard
  readonly version: 'v1' | 'v1a'
  readonly now: () => number
}

/** Registry of a sender's destinations, stored in the records of the inbox. */
interface Registry {
  register(registration: Registration): Promise<DestinationCredentials>
  rotate(id: string, secret: string | undefined, overlap: Duration): Promise<DestinationCredentials>
  unregister(id: string): Promise<boolean>
  /** Records that the destination answered 410 at this URL. Returns false if the destination now has another URL. */
  leave(id: string, url: string): Promise<boolean>
  /** Returns all destinations. Parallel calls may share one read, but never a read that started before the call. */
  all(): Promise<ReadonlyMap<string, KeptDestination>>
  get(id: string): Promise<KeptDestination | undefined>
  /** Returns the secrets that currently sign, newest first. */
  secrets(id: string, kept: KeptDestination): readonly string[]
}

/** Destination to register. */
export interface Registration {
  readonly url: string | URL
  /** Topics or topic patterns to receive, as in `receiver.on`. */
  readonly topics: string | readonly string[]
  /** Id of the destination. An id in use is rejected, since another customer may have chosen it. @default a new id */
  readonly id?: string
  /** Signing secret: `whsec_<base64>` or `whsk_<base64>`. @default a new secret */
  readonly secret?: string
  /**
   * True replaces an existing destination with this id: the destination gets the given URL and topics, and a new
   * secret. If the URL stays the same, messages are also signed with the old secret for a day. @default false
   */
  readonly replace?: boolean
}

/** Credentials that the receiver of the messages needs. */
export interface DestinationCredentials {
  readonly id: string
  /** Key that verifies signatures: a shared secret `whsec_…`, or a public key `whpk_…`. */
  readonly secret: string
}

export type KeptDestination = {
  readonly url: string
  readonly topics: readonly string[]
  readonly secrets: readonly KeptSecret[]
  readonly gone?: number
} & { readonly [key: string]: Json | undefined }

/** Encrypted secret. Lists of secrets start with the newest. */
type KeptSecret = {
  readonly sealed: string
  /** Time after which the secret no longer signs, in milliseconds since 1970. */
  readonly until?: number
}

const TRIES = 20

export function createRegistry(host: RegistryHost): Registry {
  const { records, seal, guard, version, now } = host
  const prefix = `postern:source:${host.source}:`
  let reading: Promise<ReadonlyMap<string, KeptDestination>> | undefined
  let following: Promise<ReadonlyMap<string, KeptDestination>> | undefined

  return { register, rotate, unregister, leave, all, get, secrets }

  async function register(given: Registration): Promise<DestinationCredentials> {
    const id = checkId('register', given.id ?? `dst_${randomUUID().replaceAll('-', '')}`)
    const url = guard.url(given.url).href
    const topics = typeof given.topics === 'string' ? [given.topics] : given.topics
    if (!Array.isArray(topics) || topics.length === 0)
      throw new TypeError('topics must be a topic pattern or a list of them, and not empty')
    createTopicTable(1).add(topics, true)
    const secret = given.secret === undefined ? undefined : checkSigning(given.secret)
    const kept = await change(id, (old) => {
      if (old && given.replace !== true)
        throw new DestinationRejected(
          `id: ${id} is registered already; give another id, or replace: true, which moves it and rotates its secret`,
        )
      return { url, topics: [...topics], secrets: secretsAt(url, id, old, secret) }
    })
    return credentials(id, kept)
  }

  function secretsAt(
    url: string,
    id: string,
    old: KeptDestination | undefined,
    secret: string | undefined,
  ): readonly KeptSecret[] {
    const next = secret ?? createSecret(version)
    // At a new URL, only the new secret signs, because the owner of the old URL knows the old secret.
    if (!old || old.url !== url) return [sealed(id, next)]
    return next === newest(id, old)
      ? old.secrets
      : renewed(id, old, next, milliseconds('24h', 'overlap'))
  }

  async function rotate(
    id: string,
    given: string | undefined,
    overlap: Duration,
  ): Promise<DestinationCredentials> {
    const time = milliseconds(overlap, 'overlap')
    const secret = given === undefined ? undefined : checkSigning(given)
    const kept = await change(id, (old) => {
      if (!old) throw new TypeError(`no destination is registered as ${id}`)
      return { ...old, secrets: renewed(id, old, secret ?? createSecret(version), time) }
    })
    return credentials(id, kept)
  }

  async function unregister(id: string): Promise<boolean> {
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await records.get(prefix + id)
      if (!found) return false
      if (await records.delete(prefix + id, found.version)) return true
    }
    throw contended(id)
  }

  async function leave(id: string, url: string): Promise<boolean> {
    const left = await change(id, (old) => (old?.url === url ? { ...old, gone: now() } : undefined))
    return left !== undefined
  }

  function all(): Promise<ReadonlyMap<string, KeptDestination>> {
    if (!reading) return read()
    return (following ??= reading.then(read, read))
  }

  function read(): Promise<ReadonlyMap<string, KeptDestination>> {
    following = undefined
    return (reading = list().finally(() => (reading = undefined)))
  }

  async function list(): Promise<ReadonlyMap<string, KeptDestination>> {
    const found = await records.list(prefix)
    return new Map(
      found.map(({ key, value }) => [key.slice(prefix.length), value as KeptDestination]),
    )
  }

  async function get(id: string): Promise<KeptDestination | undefined> {
    return (await records.get(prefix + id))?.value as KeptDestination | undefined
  }

  function secrets(id: string, kept: KeptDestination): readonly string[] {
    return kept.secrets.filter(inForce).map((each) => seal.open(each.sealed, prefix + id))
  }

  /** Changes the stored record of a destination. Tries again if another process changed the record meanwhile. */
  async function change<T extends KeptDestination | undefined>(
    id: string,
    make: (old: KeptDestination | undefined) => T,
  ): Promise<T> {
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await records.get(prefix + id)
      const made = make(found?.value as KeptDestination | undefined)
      if (!made || (await records.set(prefix + id, made, found?.version ?? 0))) return made
    }
    throw contended(id)
  }

  function renewed(
    id: string,
    old: KeptDestination,
    secret: string,
    overlap: number,
  ): readonly KeptSecret[] {
    const until = now() + overlap
    const before = old.secrets
      .filter(inForce)
      .map((each) => ({ ...each, until: Math.min(each.until ?? until, until) }))
    return [sealed(id, secret), ...before.filter(inForce)]
  }

  function sealed(id: string, secret: string): KeptSecret {
    return { sealed: seal.seal(secret, prefix + id) }
  }

  function newest(id: string, kept: KeptDestination): string {
    return seal.open(kept.secrets[0]!.sealed, prefix + id)
  }

  function credentials(id: string, kept: KeptDestination): DestinationCredentials {
    return { id, secret: verifyingSecret(newest(id, kept)) }
  }

  function inForce({ until }: KeptSecret): boolean {
    return until === undefined || until > now()
  }
}

function checkSigning(secret: string): string {
  signer({ secret })
  return secret
}

function contended(id: string): Error {
  return new Error(`the destination ${id} was changed ${TRIES} times by others in the meantime`)
}

/** Creates a signing secret of Standard Webhooks: `whsec_` for `v1` (HMAC-SHA256), `whsk_` for `v1a` (Ed25519). */
function createSecret(version: 'v1' | 'v1a'): string {
  if (version === 'v1') return `whsec_${randomBytes(32).toString('base64')}`
  const seed = generateKeyPairSync('ed25519')
    .privateKey.export({ format: 'der', type: 'pkcs8' })
    .subarray(-32)
  return `whsk_${seed.toString('base64')}`
}

/** Returns the key for verification: the secret itself for `v1`, the public key `whpk_` for `v1a`. */
function verifyingSecret(secret: string): string {
  const key = standardWebhooksScheme().key(secret)
  if (key.version === 'v1') return secret
  const point = (key.key.publicKey as KeyObject)
    .export({ format: 'der', type: 'spki' })
    .subarray(-32)
  return `whpk_${point.toString('base64')}`
}

const FORMS = {
  register: [/^[\w.-]{1,100}$/, '1 to 100 letters, digits, dots, hyphens or underscores'],
  // The id of a message is sent as a header. In the signed text, a dot marks the end of the id.
  emit: [
    /^[!-\-/-~]{1,255}$/,
    '1 to 255 printable ASCII characters without spaces and without dots',
  ],
} as const

/** Returns the id of a destination or message after checking its format. */
export function checkId(call: 'register' | 'emit', id: string): string {
  const [form, said] = FORMS[call]
  if (typeof id !== 'string' || !form.test(id))
    throw new TypeError(`${call}: id must be ${said}, got ${JSON.stringify(id)}`)
  return id
}
