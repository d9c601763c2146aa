import { setTimeout as sleep } from 'node:timers/promises'
import type { ReceiverOptions } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { everyInbox } from '../inboxes.ts'
import type { PartResult, ServedEffort } from '../report/part.ts'
import { median, quantile } from '../../services/figures.ts'
import { drained } from './drained.ts'
import { benchReceiver, createSender } from './source.ts'
import { measure, prepared } from './stored.ts'

const TENANTS = 1000
const QUIET = 20
const HEADER = 'x-tenant'

type Rule = Pick<ReceiverOptions, 'tenantKey'>

const NONE: Rule = {}
// Waits are measured with a tenant per header. Costs are measured with a tenant from the id, which spreads evenly.
const BY_HEADER: Rule = {
  tenantKey: ({ delivery }) => delivery.headers.find(([name]) => name === HEADER)![1],
}
const BY_ID: Rule = {
  tenantKey: ({ id }) => String(Number.parseInt(id!.slice(0, 8), 16) % TENANTS),
}

/** Measures the effect of `tenantKey` while one tenant floods the inbox, and its cost. */
export async function fair({ quick, env }: ServedEffort): Promise<PartResult> {
  const inboxes = everyInbox(env, { maxPending: 200_000, maxWaitingBytes: 2 ** 30 })
  const flood = quick ? 1000 : 20_000
  const rounds = quick ? 1 : 3
  const waits: string[][] = []
  const costs: string[][] = []
  for (const [name, make] of inboxes) {
    console.log(`fair: ${name}`)
    const before = await waited(await make(), flood, {})
    const after = await waited(await make(), flood, BY_HEADER)
    waits.push([
      name,
      ...[before, after].flatMap((all) => [0.5, 1].map((part) => quantile(all, part).toFixed(0))),
    ])
    costs.push([name, ...(await cost(make, { rounds, quick }))])
  }
  return {
    tables: [
      {
        title: 'Fairness: how long a quiet tenant waits behind a flood',
        note: `Milliseconds from the delivery to the start of the handler, for ${QUIET} events of as many tenants, sent one after another once the worker has started behind ${flood.toLocaleString('en')} stored tasks of one tenant. Each handler takes a millisecond, 10 run at once, one process. Without and with tenantKey.`,
        head: ['inbox', 'without p50', 'without longest', 'tenantKey p50', 'tenantKey longest'],
        rows: waits,
      },
      {
        title: 'Fairness: what tenantKey costs',
        note: `CPU of this process and rate with tenantKey, ${TENANTS.toLocaleString('en')} tenants, as a ratio to the same without it, inside a round: accept stores 64 events of 1 KB at once, claim runs and settles what was stored with a handler that returns at once.`,
        head: ['inbox', 'accept CPU', 'accept rate', 'claim CPU', 'claim rate'],
        rows: costs,
      },
    ],
    targets: [],
  }
}

/** Returns the milliseconds that events of quiet tenants wait behind a flood. */
async function waited(inbox: Inbox, flood: number, rule: Rule): Promise<readonly number[]> {
  const sent = new Map<string, number>()
  const waits: number[] = []
  const all = Promise.withResolvers<void>()
  // The inbox in memory rejects `false`. With 'onDemand', all tasks wait for `startWorker()` below.
  const receiver = benchReceiver({ inbox, worker: 'onDemand', ...rule })
  receiver.on('issues', async ({ delivery }) => {
    const tenant = BY_HEADER.tenantKey!({ delivery } as never)
    const at = sent.get(tenant)
    if (at !== undefined && waits.push(performance.now() - at) === QUIET) all.resolve()
    await sleep(1)
  })
  const from = (tenant: string): ReturnType<typeof createSender> =>
    createSender({ receiver, headers: { [HEADER]: tenant } })
  await from('flood').run(flood)
  await receiver.startWorker()
  for (let at = 0; at < QUIET; at++) {
    const tenant = `quiet-${at}`
    sent.set(tenant, performance.now())
    await from(tenant).run(1, 1)
  }
  await all.promise
  await receiver.close({ timeout: 0 })
  await inbox.close()
  return waits
}

/** Returns CPU and rate of accept and claim with `tenantKey`, divided by the same without it. */
async function cost(
  make: () => Promise<Inbox>,
  { rounds, quick }: { readonly rounds: number; readonly quick: boolean },
): Promise<readonly string[]> {
  const batches = quick ? 20 : 100
  const tasks = quick ? 2000 : 10_000
  const ratios: number[][] = [[], [], [], []]
  // The first round warms up: V8 compiles and connections open.
  for (let round = -1; round < rounds; round++) {
    const stored = new Map<Rule, { micros: number; rate: number }>()
    const ran = new Map<Rule, { micros: number; rate: number }>()
    for (const rule of round % 2 ? [NONE, BY_ID] : [BY_ID, NONE]) {
      const inbox = await make()
      const { fill, take } = prepared(inbox, rule)
      await fill(batches)
      await take()
      stored.set(rule, await measure({ store: take }, batches - 1))
      await inbox.close()
      ran.set(rule, await drained(await make(), tasks, rule))
    }
    if (round < 0) continue
    for (const [at, [by, what]] of (
      [
        [stored, 'micros'],
        [stored, 'rate'],
        [ran, 'micros'],
        [ran, 'rate'],
      ] as const
    ).entries())
      ratios[at]!.push(by.get(BY_ID)![what] / by.get(NONE)![what])
  }
  return ratios.map((all) => median(all).toFixed(2))
}
