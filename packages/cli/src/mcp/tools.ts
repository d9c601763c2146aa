import { setTimeout as wait } from 'node:timers/promises'
import type { DeliveryFilter, TaskFilter } from '@postern/core/inbox'
import { explain } from '@postern/core/explain'
import { z } from 'zod'
import type { OpenInbox } from '../inbox.ts'
import { Failure } from '../print/failure.ts'
import { openArrival } from '../options/seal-key.ts'
import { providerOf } from '../sender/sender.ts'
import { actionTools, type Allowed } from './actions.ts'
import type { Tool } from './tool.ts'
import { TASK_FILTER } from './task-filter.ts'

const LOOK = 250
const DELIVERIES = {
  receiver: z.string().optional(),
  provider: z.string().optional(),
  code: z.string().optional().describe('of a refusal, as in signature_mismatch'),
  outcome: z.enum(['accepted', 'duplicate', 'handshake', 'unhandled', 'refused']).optional(),
  topic: z.string().optional(),
  eventId: z.string().optional(),
}
const PAGE = {
  limit: z.number().int().min(1).max(200).default(20),
  cursor: z.string().optional().describe('of the page before'),
}

/** The tools over one inbox: they look alone. With `allowed` also those that send and change. */
export function toolsOf(
  { view, journal }: OpenInbox,
  allowed: Allowed | undefined,
): readonly Tool[] {
  const history = (): NonNullable<typeof journal> => {
    if (!journal) throw new Failure(1, 'this inbox keeps no journal of what arrived')
    return journal
  }
  return [
    {
      name: 'list_tasks',
      description: 'Tasks of the inbox, the newest first: pending, running, done and dead ones.',
      input: z.strictObject({ ...TASK_FILTER, ...PAGE }),
      run: async (given: TaskFilter & { limit: number }) => view.list(given),
    },
    {
      name: 'list_deliveries',
      description:
        'What arrived and what was answered, the newest first, with the reason of refusals.',
      input: z.strictObject({ ...DELIVERIES, ...PAGE }),
      run: async (given: DeliveryFilter) => history().deliveries(given),
    },
    {
      name: 'get_task',
      description:
        'A task with its payload, its attempts, and the exact bytes of its delivery in base64.',
      input: z.strictObject({ id: z.string() }),
      async run({ id }: { id: string }) {
        const task = await view.get(id)
        if (!task) throw new Failure(1, `no task has the id ${id}`)
        const attempts = (await journal?.attempts(id)) ?? []
        return {
          ...task,
          delivery: { ...task.delivery, body: base64(task.delivery.body) },
          history: attempts,
        }
      },
    },
    {
      name: 'get_delivery',
      description:
        'A delivery with its reply. Of a refused one whose body was kept: its URL, headers, and exact bytes in base64.',
      input: z.strictObject({ id: z.string() }),
      async run({ id }: { id: string }) {
        const found = await history().delivery(id)
        if (!found) throw new Failure(1, `no delivery has the id ${id}`)
        const { kept, ...facts } = await openArrival(found, {})
        return { ...facts, ...(kept && { kept: { ...kept, body: base64(kept.body) } }) }
      },
    },
    {
      name: 'explain_refusal',
      description:
        'Why a refused delivery did not verify, proven where that is possible. Secrets are read from the environment or .env, and never shown.',
      input: z.strictObject({
        delivery: z.string().describe('id of list_deliveries'),
        provider: z.string(),
      }),
      async run({ delivery, provider }: { delivery: string; provider: string }) {
        const found = await history().delivery(delivery)
        if (!found) throw new Failure(1, `no delivery has the id ${delivery}`)
        if (!found.kept)
          throw new Failure(1, 'its body was not kept: set refusedBodies on the receiver')
        const { catalogue } = await import('@postern/providers/catalogue')
        const { provider: made } = await providerOf(provider, {})
        const { method, at, kept } = await openArrival(found, {})
        return explain({ ...kept!, method }, made, {
          catalogue,
          now: () => at,
          ms: 5000,
          fingerprints: false,
        })
      },
    },
    {
      name: 'wait_for_delivery',
      description:
        'Waits until a delivery arrives that matches, and gives it. With since, one that has arrived counts too.',
      input: z.strictObject({
        ...DELIVERIES,
        since: z
          .number()
          .optional()
          .describe('milliseconds since 1970, as before send_delivery; now without it'),
        seconds: z.number().min(1).max(300).default(30),
      }),
      async run({ seconds, since = Date.now(), ...filter }: DeliveryFilter & { seconds: number }) {
        const until = performance.now() + seconds * 1000
        while (performance.now() < until) {
          const { rows } = await history().deliveries({ ...filter, since, limit: 1 })
          if (rows[0]) return rows[0]
          await wait(LOOK)
        }
        throw new Failure(1, `nothing that matches arrived within ${seconds} s`)
      },
    },
    ...(allowed === undefined ? [] : actionTools(view, allowed)),
  ] as readonly Tool[]
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
