import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteInbox } from '@postern/sqlite'
import { inspector } from '@postern/inspector/fetch'
import { expect, onTestFinished, test } from 'vitest'
import { createChance } from '../../examples/start/day/chance.ts'
import { createSender } from '../../examples/start/day/deliveries.ts'
import { createReceiverOf, sourceNames } from '../../examples/start/receivers.ts'
import { readSecrets } from '../../examples/start/secrets.ts'
import { printing } from '../../examples/start/services.ts'

// explain() has a time limit. On a busy machine, the limit allows only a few hundred verifications.
const FEW = 150

interface Reply {
  readonly findings: readonly { readonly cause: string; readonly certainty: string }[]
  readonly stats: { readonly attempts: number; readonly stopped: boolean }
}

test('the second start proves, by the secrets that were kept, what the first one rejected', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-second-'))
  const path = join(folder, 'webhooks.db')
  const first = start(path)
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [source, what] of REJECTED) {
    const send = await createSender(source, createChance(1))
    const receiver = first.receivers[source]
    const reply = await receiver.receive(send({ at: Date.now(), source, what }, receiver))
    expect(reply.status).toBeGreaterThanOrEqual(400)
  }
  await first.close()

  const second = start(path)
  onTestFinished(() => second.close())
  for (const [source, , cause] of REJECTED) {
    const { rows } = await second.inbox.journal!.rejections({
      receiver: second.receivers[source].name,
      outcome: 'rejected',
      limit: 10,
      budget: 100,
    })
    expect(rows).toHaveLength(REJECTED.filter(([name]) => name === source).length)
    const replies = await Promise.all(rows.map(({ id }) => second.explain(id)))
    const found = replies.find(({ findings }) => findings[0]?.cause === cause)
    expect(found, `${source}: ${JSON.stringify(replies)}`).toBeDefined()
    expect(found!.findings[0]!.certainty).toBe('proven')
    expect(found!.stats.stopped).toBe(false)
    expect(found!.stats.attempts).toBeLessThan(FEW)
  }
})

const REJECTED = [
  ['stripe', 'rewritten', 'body-reserialized'],
  ['stripe', 'late', 'stale'],
  ['shopify', 'rewritten', 'body-reserialized'],
  ['github', 'rewritten', 'body-reserialized'],
  ['slack', 'late', 'stale'],
] as const

/** Opens what `npm start` opens, with this inbox file and the secrets next to it. */
function start(path: string) {
  const inbox = sqliteInbox({ path })
  const secrets = readSecrets(`${path}-secrets`)
  const receivers = Object.fromEntries(
    sourceNames.map((name) => [
      name,
      createReceiverOf(
        name,
        secrets,
        { inbox, worker: 'onDemand' },
        printing(() => {}),
      ),
    ]),
  ) as Record<(typeof sourceNames)[number], ReturnType<typeof createReceiverOf>>
  const token = 'a token for this test alone'
  const page = inspector({ inbox, receivers: Object.values(receivers), auth: { token } })
  return {
    inbox,
    receivers,
    async explain(id: string): Promise<Reply> {
      const response = await page(
        new Request(`http://localhost/postern/~/api/explain?id=${encodeURIComponent(id)}`, {
          headers: { authorization: `Bearer ${token}` },
        }),
      )
      expect(response.status).toBe(200)
      return (await response.json()) as Reply
    },
    async close(): Promise<void> {
      await Promise.all(Object.values(receivers).map((receiver) => receiver.close()))
      await inbox.close()
    },
  }
}
