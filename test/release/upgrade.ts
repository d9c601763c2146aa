import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { github } from '@postern/providers'
import { must } from '../pack/must.ts'
import { root } from '../run/report.ts'
import { published } from './home.ts'
import { packInvented, setVersion } from './invented.ts'
import type { Tarball } from './results.ts'

/**
 * Commit whose packages fill the store for the upgrade. Until the first release, this is the last commit that changed
 * the tables or keys of version 1 (test/versions/fixtures), because version 1 may still change. Whoever changes them
 * writes that commit into before.txt. After the first release, this is the tag of the previous release.
 */
const BEFORE = readFile(join(import.meta.dirname, 'before.txt'), 'utf8').then((text) => text.trim())
const OLD = '0.0.1'
const NEXT = '0.0.2'
const SECRET = 'a secret of the rehearsal'
const KINDS = {
  plain: ['issues', 'opened'],
  mended: ['push', undefined],
  retried: ['star', 'created'],
} as const
const EACH = 200

type Kind = keyof typeof KINDS

/**
 * Fills a store with the packages of the earlier commit. Starts the new packages on it, with an invented layout step,
 * while the old process still runs. Checks that both continue, the store is migrated, no event is lost and no task runs
 * twice. `release` is the published clone. Returns the results, one line each.
 * @throws Error for the first failed check.
 */
export async function upgrade(
  folder: string,
  release: string,
  cloneOf: (source: string, commit: string, to: string) => Promise<void>,
  publish: (clone: string, out: string, tag: string) => Promise<readonly Tarball[]>,
): Promise<readonly string[]> {
  const before = await BEFORE
  const clone = join(folder, 'clone')
  await cloneOf(root, before, clone)
  // The earlier commit may lack newer packages.
  for (const { folder: at } of published())
    if (existsSync(join(clone, at))) await setVersion(join(clone, at), OLD)
  await publish(clone, join(folder, 'tarballs'), 'before')
  const invented = await packInvented(release, NEXT, join(folder, 'tarballs'))
  await must('npm', ['publish', invented, '--access', 'public', '--tag', 'invented'])
  const env = { STORE: join(folder, 'webhooks.db'), EFFECTS: join(folder, 'effects'), SECRET }
  await writeFile(env.EFFECTS, '')

  const old = await start(join(folder, 'old'), OLD, OLD, { ...env, VERSION: 'old' })
  const sent = await deliver(old, 'before', ['plain', 'mended', 'retried'])
  const fresh = await start(join(folder, 'new'), 'latest', NEXT, { ...env, VERSION: 'new' })
  sent.push(...(await deliver(fresh, 'beside-new', ['plain'])))
  // The old process either continues or replies with 503. With 503, it must not have accepted the event.
  const beside = await deliver(old, 'beside-old', ['plain'], true)
  sent.push(...beside)
  const told = (await ask(old, 'health')) as { readonly ok: boolean }
  old.child.kill('SIGTERM')
  await once(old.child, 'exit')
  const { count } = (await ask(fresh, 'replay')) as { readonly count: number }
  const runs = await settled(env.EFFECTS, sent)
  const health = (await ask(fresh, 'health')) as { readonly ok: boolean; readonly pending: number }
  fresh.child.kill('SIGTERM')
  await once(fresh.child, 'exit')

  const twice = [...runs].filter(([, times]) => times > 1)
  if (twice.length > 0) throw new Error(`ran twice: ${JSON.stringify(twice.slice(0, 5))}`)
  if (!health.ok || health.pending > 0) throw new Error(`the new app: ${JSON.stringify(health)}`)
  const migrated = notes(env.STORE)
  if (migrated !== 3 * EACH) throw new Error(`the invented step saw ${migrated} of ${3 * EACH}`)
  return [
    `Packages of ${before.slice(0, 7)} (as ${OLD}) filled a store with ${3 * EACH} events: done, dead, and waiting for a retry.`,
    `The new packages opened it while the old process ran, brought its ${migrated} events to an invented next version, and took ${EACH} more; the old process took ${beside.length} of ${EACH} beside it (its health said ok: ${told.ok}).`,
    `After the old process ended, ${count} dead tasks were run again. All ${sent.length} acknowledged events were handled, none twice, none lost.`,
  ]
}

/** Returns the number of events that the invented step has changed. */
function notes(file: string): number {
  const db = new DatabaseSync(file)
  try {
    return Number(db.prepare('SELECT count(note) AS n FROM postern_events').get()!['n'])
  } finally {
    db.close()
  }
}

interface App {
  readonly child: ChildProcess
  readonly port: number
}

async function start(
  at: string,
  version: string,
  sqlite: string,
  env: Record<string, string>,
): Promise<App> {
  await mkdir(at, { recursive: true })
  await writeFile(join(at, 'package.json'), '{"private":true,"type":"module"}')
  await cp(join(import.meta.dirname, 'app/app.mjs'), join(at, 'app.mjs'))
  const names = ['core', 'node', 'providers'].map((name) => `@postern/${name}@${version}`)
  const all = [...names, `@postern/sqlite@${sqlite}`]
  await must('npm', ['install', '--no-audit', '--no-fund', ...all], { cwd: at })
  const child = fork(join(at, 'app.mjs'), { cwd: at, env: { ...process.env, ...env } })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { child, port }
}

async function ask({ child }: App, question: string): Promise<unknown> {
  child.send(question)
  const [answer] = await once(child, 'message')
  return answer
}

/** Sends signed deliveries. Returns the ids and kinds of the acknowledged ones. */
async function deliver(
  app: App,
  name: string,
  kinds: readonly Kind[],
  mayReject = false,
): Promise<(readonly [id: string, kind: Kind])[]> {
  const provider = github({ secret: SECRET })
  const taken: (readonly [string, Kind])[] = []
  for (const kind of kinds)
    for (let at = 0; at < EACH; at++) {
      const id = `${name}-${kind}-${at}`
      const [event, action] = KINDS[kind]
      const topic = action === undefined ? event : `${event}.${action}`
      const signed = provider.sign!({ topic, id })
      const url = `http://127.0.0.1:${app.port}/`
      const { status } = await fetch(url, { ...signed, body: Buffer.from(signed.body) })
      if (status === 200) taken.push([id, kind])
      else if (!mayReject || status !== 503) throw new Error(`${id} was answered ${status}`)
    }
  return taken
}

/** Waits until each acknowledged event has its effect. Returns how often each has it. */
async function settled(
  file: string,
  sent: readonly (readonly [id: string, kind: Kind])[],
): Promise<ReadonlyMap<string, number>> {
  const until = performance.now() + 60_000
  for (;;) {
    const runs = new Map<string, number>()
    for (const line of (await readFile(file, 'utf8')).split('\n')) {
      const [id, kind] = line.split(' ')
      if (kind !== undefined) runs.set(`${id} ${kind}`, (runs.get(`${id} ${kind}`) ?? 0) + 1)
    }
    const missing = sent.filter(([id, kind]) => !runs.has(`${id} ${kind}`))
    if (missing.length === 0) return runs
    if (performance.now() > until)
      throw new Error(`acknowledged and not handled: ${JSON.stringify(missing.slice(0, 5))}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
