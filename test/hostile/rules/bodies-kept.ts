import type { DeliveryInit } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { github } from '@postern/providers/github'
import { signedInit } from '@postern/testing'
import { allRows } from '../../services/inboxes.ts'
import { onEach, takingAll, type Inboxes } from './inboxes.ts'
import type { RulePart } from './rule.ts'

const provider = github({ secret: 'a secret of tests' })
const GENUINE = 20
const FLOOD = 200
const LARGE = 600
const MINUTE = 60_000
let minutes = 0
const signature = { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }

/** Heads of strangers, each with a body that is rejected with the same code as the genuine rejections. */
const STRANGE: Readonly<Record<string, Record<string, string>>> = {
  'heads of curl': { 'user-agent': 'curl/8.5.0', 'x-github-delivery': 'x' },
  'heads without an agent': { 'x-github-delivery': '?', 'x-a': '1' },
  'heads of a browser': { 'user-agent': 'Mozilla/5.0', origin: 'https://evil.example' },
  'heads with the form of the ids': { 'user-agent': 'x', 'x-more': '1' },
  'long heads': { 'user-agent': 'a'.repeat(4000), 'x-long': 'b'.repeat(4000) },
}

/** Number of hostile requests within one minute, and the size of their bodies in bytes. */
interface Evidence {
  readonly bytes: number
  readonly count: number
  readonly head?: Readonly<Record<string, string>>
}

const SEVEN_A_SECOND = 7 * 60
const EVIDENCE: Readonly<Record<string, Evidence>> = {
  'four bodies of 261 KB': { bytes: 261_000, count: 4 },
  'four bodies of 261 KB with heads of curl': {
    bytes: 261_000,
    count: 4,
    head: STRANGE['heads of curl']!,
  },
  'forty bodies of 130 KB': { bytes: 130_000, count: 40 },
  'seven wrong requests a second': { bytes: 20, count: SEVEN_A_SECOND },
  'seven wrong requests a second with heads of curl': {
    bytes: 900,
    count: SEVEN_A_SECOND,
    head: STRANGE['heads of curl']!,
  },
  'seven requests of 30 KB a second': { bytes: 30_000, count: SEVEN_A_SECOND },
}

/**
 * Combinations: with or without an earlier verified delivery, and with the genuine rejections spread among the others
 * or after them.
 */
const WORLDS = [true, false].flatMap((isNew) =>
  [true, false].map((isSpread) => ({ isNew, isSpread })),
)

export const bodiesKept: RulePart = {
  rule: '3e',
  title: 'genuine rejections keep their bodies',
  // Core decides which bodies are kept. So unless `every` is set, a large flood runs on only one inbox.
  open: (inboxes: Inboxes, every: boolean) =>
    onEach(inboxes, (inbox, kind, own) =>
      (every || kind === 'memory' ? [FLOOD, LARGE] : [FLOOD])
        .flatMap((flood) => {
          const one = (name: string, run: () => Promise<string | undefined>) => ({
            ...AT,
            name: `${name}, ${flood} of them`,
            run,
          })
          return [
            ...Object.entries(STRANGE).map(([what, head]) =>
              one(what, async () => allOf(await flooded(inbox, own(), flood, GENUINE, head))),
            ),
            // Half of the deliveries are genuine, so about half of the kept bodies are theirs.
            one('copied heads', async () => {
              const kept = await flooded(inbox, own(), flood / 2, flood / 2, undefined)
              return kept > 5 ? undefined : `${kept} of ${flood / 2} keep their bodies`
            }),
          ]
        })
        .concat(
          Object.entries(EVIDENCE).flatMap(([what, evidence]) =>
            WORLDS.map(({ isNew, isSpread }) => ({
              ...AT,
              name: `${what}, ${isSpread ? 'between' : 'before'} them, in ${isNew ? 'a new app' : 'an app that verified one'}`,
              run: async () => allOf(await beside(inbox, own(), { ...evidence, isNew, isSpread })),
            })),
          ),
        ),
    ),
}

const AT = { at: 'receive', sender: 'github' } as const

function allOf(kept: number): string | undefined {
  return kept === GENUINE ? undefined : `${kept} of ${GENUINE} keep their bodies`
}

/** Returns how many genuine rejections of one minute keep their bodies during a flood. */
async function flooded(
  inbox: Inbox,
  name: string,
  hostile: number,
  genuine: number,
  head: Readonly<Record<string, string>> | undefined,
): Promise<number> {
  const at = Date.now()
  const clock = { now: () => at }
  const receiver = takingAll({ name, inbox, provider, explain: false, clock })
  const send = async (delivery: DeliveryInit): Promise<void> => {
    const { status } = await receiver.receive(delivery)
    if (status !== 401) throw new Error(`a rejection got ${status}`)
  }
  await receiver.receive(await signedInit(provider, 'push', {}, { at }))
  const every = hostile / genuine
  const ids = new Set<string>()
  // With the attacker's own headers, the signature is made up and not computed.
  const copies = await copiesOf()
  for (let number = 0, next = 0; number < hostile; number++) {
    await send(
      head === undefined
        ? await signedInit(provider, 'push', { number }, { secret: 'another secret' })
        : { ...copies(number), headers: strange(head) },
    )
    if (number < next) continue
    next += every
    const id = crypto.randomUUID()
    ids.add(id)
    await send(await signedInit(provider, 'push', { number }, { id, secret: 'an old secret' }))
  }
  await receiver.close()
  return countKept(inbox, name, ids)
}

/** Returns how many genuine rejections keep their bodies among hostile requests of one minute. */
async function beside(
  inbox: Inbox,
  name: string,
  { bytes, count, head, isNew, isSpread }: Evidence & (typeof WORLDS)[number],
): Promise<number> {
  // Each case has its own minute, because old rows are deleted by time.
  const start = Math.ceil(Date.now() / MINUTE) * MINUTE + (minutes += MINUTE)
  let at = start
  const clock = { now: () => at }
  const receiver = takingAll({ name, inbox, provider, explain: false, clock })
  if (!isNew) await receiver.receive(await signedInit(provider, 'push', {}, { at }))
  const genuine = await signedInit(provider, 'push', {}, { secret: 'an old secret' })
  const copied = { ...genuine, body: 'x'.repeat(bytes) }
  const ids = new Set<string>()
  for (let number = 0; number < count; number++) {
    at = start + Math.floor((number * MINUTE) / count)
    await receiver.receive({ ...copied, ...(head && { headers: strange(head) }) })
    const due = isSpread || number === count - 1 ? ((number + 1) * GENUINE) / count : 0
    while (ids.size < due) {
      const id = crypto.randomUUID()
      ids.add(id)
      const headers = { ...genuine.headers, 'x-github-delivery': id }
      await receiver.receive({ ...genuine, headers })
    }
  }
  await receiver.close()
  return countKept(inbox, name, ids)
}

async function copiesOf(): Promise<(number: number) => DeliveryInit> {
  const copied = await signedInit(provider, 'push', {}, { secret: 'another secret' })
  const payload = JSON.parse(Buffer.from(copied.body as Uint8Array).toString()) as object
  return (number) => ({ ...copied, body: JSON.stringify({ ...payload, number }) })
}

function strange(head: Readonly<Record<string, string>>): Record<string, string> {
  return {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': crypto.randomUUID(),
    ...signature,
    ...head,
  }
}

async function countKept(
  inbox: Inbox,
  receiver: string,
  ids: ReadonlySet<string>,
): Promise<number> {
  let kept = 0
  const rows = await allRows((page) => inbox.journal!.rejections({ receiver, limit: 100, ...page }))
  for (const { id } of rows.filter((row) => row.ids.some((one) => ids.has(one))))
    kept += Number((await inbox.journal!.delivery(id))?.kept !== undefined)
  return kept
}
