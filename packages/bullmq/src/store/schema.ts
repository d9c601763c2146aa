import { randomUUID } from 'node:crypto'
import {
  checkLiving,
  checkReadable,
  createVersionWatch,
  migrationOf,
  shutOut,
  type Layout,
  type LayoutStep,
  type Migrated,
  type Migration,
  type VersionWatch,
  type Versions,
} from '@postern/core/engine'
import { checkSettings, PREFIX, type BullmqInboxOptions } from '../settings.ts'
import { connected, openClient, runScript, type RedisClient } from './connection.ts'

/**
 * The layout of the keys, with the steps that update it. A step is a script that is called first with '' and then with
 * its last reply, until it replies ''. Each call is short. Several processes may run a step at the same time, and again
 * after a crash. KEYS: prefix; ARGV: the last reply.
 */
export type KeysLayout = Layout<string>

/** The steps, each from one version to the next. A released step must not be changed. */
export const STEPS: readonly LayoutStep<string>[] = [{ change: "return ''" }]

// Milliseconds without a sign of life after which a process counts as ended. A process gives a sign every few seconds.
const GONE = 60_000
// If the store's time is later than expected by more than this number of milliseconds, the server's clock has jumped.
const STEP = 1000
// Maximum difference in milliseconds at which the clocks of this machine and of Redis count as equal.
const AGREE = 1000

export function layoutOf(prefix: string, steps: readonly LayoutStep<string>[] = STEPS): KeysLayout {
  return {
    inbox: 'bullmqInbox',
    package: '@postern/bullmq',
    place: `prefix ${prefix}`,
    steps,
    force:
      prefix === PREFIX
        ? 'postern inbox migrate --force --redis <url>'
        : `migrate({ connection, prefix: '${prefix}', force: true }) of @postern/bullmq`,
  }
}

type SignReply = readonly [
  version: number,
  oldest: number,
  now: number,
  mark: string,
  before: string,
  steady: number,
  stored: number,
  ...living: number[],
]

/** A process that uses the keys of a prefix. */
export interface Joined {
  /**
   * Updates the keys. Throws a `TypeError` if the stored version does not allow this process, or if other processes are
   * active and `force` is not set.
   */
  migrate(force?: boolean): Promise<Migrated>
  readonly versionWatch: VersionWatch
  /** Milliseconds since 1970: from this machine's clock if it agrees with the store's clock, else from the store. */
  readonly clock: () => number
  /**
   * After a jump of the server's clock, resolves with false for the time of one lease; otherwise with true. In that
   * time, a lease that looks expired may still hold: running processes need time to renew their leases.
   */
  readonly steady: () => Promise<boolean>
  leave(): Promise<void>
}

interface JoinedHost {
  /** Called when the store starts rejecting this process, and when it stops (see `createVersionWatch`). */
  readonly changed: (rejected: string | undefined) => void
  readonly alive?: () => void
  /** Called if the stored data is `gone`, or if Redis has an `older` state of it. */
  readonly lost?: (how: 'gone' | 'older') => void
  /** The lease of this process, in milliseconds. */
  readonly lease?: number
}

/** Joins as a reader, without a sign of life. The version check throws a `TypeError` if there is no inbox. */
export function readKeys(
  client: RedisClient,
  prefix: string,
  layout: KeysLayout,
  { changed }: JoinedHost,
): Omit<Joined, 'migrate'> {
  const versionWatch = createVersionWatch(async () => {
    const [version, oldest] = await client.hmget(`${prefix}:schema`, 'version', 'oldest')
    checkReadable(layout, { version: Number(version), oldest: Number(oldest) })
    return undefined
  }, changed)
  const leave = async (): Promise<void> => versionWatch.stop()
  // A process that only reads gets the answer that leases must not end.
  return { versionWatch, clock: Date.now, steady: async () => false, leave }
}

export function joinKeys(
  client: RedisClient,
  prefix: string,
  layout: KeysLayout,
  { changed, alive, lost, lease = 0 }: JoinedHost,
): Joined {
  const self = [layout.steps.length, randomUUID()] as const
  // Difference between the store's clock and the monotonic clock, in milliseconds.
  let ahead: number | undefined
  // The mark (random name) of the store, and the time of this process's last sign of life on the store's clock.
  let mark = ''
  let signed = 0
  const versionWatch = createVersionWatch(async () => {
    const { stored } = await sign()
    if (stored.version >= layout.steps.length) return shutOut(layout, stored)
    try {
      await migrate()
      return undefined
    } catch (error) {
      // A `TypeError` means that the update failed, so this process must not use the keys.
      if (error instanceof TypeError) return error.message
      throw error
    }
  }, changed)
  return {
    migrate,
    versionWatch,
    clock,
    steady: async () => (await sign()).steady,
    async leave() {
      versionWatch.stop()
      if (client.status === 'ready') await runScript(client, 'LEAVE', prefix, ...self)
    },
  }

  function clock(): number {
    const wall = Date.now()
    const server = ahead === undefined ? wall : Math.floor(ahead + performance.now())
    // The server's time is late by the duration of its reply, so small differences are ignored.
    return Math.abs(server - wall) < AGREE ? wall : server
  }

  async function sign(): Promise<{
    stored: Versions
    living: readonly number[]
    steady: boolean
  }> {
    const reply = await runScript(
      client,
      'ALIVE',
      prefix,
      ...self,
      GONE,
      expected(),
      Math.ceil(lease),
    )
    const [version, oldest, time, its, before, steady, stored, ...living] = reply as SignReply
    let now = time
    const isStep = ahead !== undefined && its === mark && time > expected() + STEP
    if (isStep) now = Number(await runScript(client, 'STEP', prefix, expected()))
    ahead = now - performance.now()
    if (mark !== '' && its !== mark) lost?.('gone')
    else if (before !== '' && Number(before) < signed) lost?.('older')
    mark = its
    // A full or read-only Redis does not store this sign, so a later check must not expect it.
    if (stored === 1) signed = now
    alive?.()
    return { stored: { version, oldest }, living, steady: steady === 1 && !isStep }
  }

  /** Returns the store's time as the monotonic clock predicts it. Returns 0 if the store's time is unknown. */
  function expected(): number {
    return ahead === undefined ? 0 : Math.floor(ahead + performance.now())
  }

  async function migrate(force = false): Promise<Migrated> {
    const { stored: from, living } = await sign()
    const migration = migrationOf(layout, from)
    if (!migration) return { from, to: from }
    if (from.version > 0 && !force) checkLiving(layout, migration, from, living)
    await change(migration, from)
    return { from, to: migration.to }
  }

  /** The oldest allowed version is raised before the change, to stop older processes. The version is raised last. */
  async function change({ changes, to }: Migration<string>, from: Versions): Promise<void> {
    const drawn = randomUUID()
    await runScript(client, 'RAISE', prefix, from.version, to.oldest, drawn)
    for (const script of changes) {
      let place = ''
      do place = String(await client.eval(script, 1, prefix, place))
      while (place !== '')
    }
    await runScript(client, 'RAISE', prefix, to.version, to.oldest, drawn)
  }
}

/**
 * Updates the keys to the version of this package, as an inbox does with its first delivery. With `force`, does not
 * check for active processes of older versions; use `force` only if no such process runs. Returns the versions before
 * and after.
 *
 * @throws {TypeError} If an option is wrong, or if active processes could not use the updated keys.
 *
 * @example
 * const { from, to } = await migrate({ connection: process.env.REDIS_URL!, force: true })
 */
export async function migrate({
  force = false,
  ...options
}: Pick<BullmqInboxOptions, 'connection' | 'prefix'> & {
  readonly force?: boolean
}): Promise<Migrated> {
  const { connection, prefix, deadline } = checkSettings(options)
  const client = openClient(connection, deadline)
  client.on('error', () => {})
  const joined = joinKeys(client, prefix, layoutOf(prefix), { changed: () => {} })
  try {
    await connected(client, deadline)
    return await joined.migrate(force)
  } finally {
    await joined.leave().catch(() => {})
    client.disconnect()
  }
}
