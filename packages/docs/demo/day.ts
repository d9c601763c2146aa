import type { Receiver } from '../../core/src/index.ts'
import type { Inbox } from '../../core/src/inbox/index.ts'
import { createChance } from '../../../examples/start/day/chance.ts'
import { createSender } from '../../../examples/start/day/deliveries.ts'
import { fillDay } from '../../../examples/start/day/fill.ts'
import { SILENT } from '../../../examples/start/day/plan.ts'
import { createReceiverOf, sourceNames } from '../../../examples/start/receivers.ts'
import { printing } from '../../../examples/start/services.ts'

/** The day of `npm start`, in a page. */
export interface Day {
  readonly receivers: readonly Receiver[]
  /** Lets one more delivery happen now. */
  one(): Promise<unknown>
}

const SECRET = 'a secret of the demo'
const SECRETS = {
  github: SECRET,
  shopify: SECRET,
  stripe: SECRET,
  twilio: SECRET,
  slack: SECRET,
  standardWebhooks: `whsec_${btoa(SECRET.padEnd(24, '.'))}`,
  linear: SECRET,
  bank: SECRET,
  sensor: SECRET,
}

/** Fills the inbox with the last 24 hours of the shop. From then on, its services do not fail. */
export async function openDay(inbox: Inbox): Promise<Day> {
  await fillDay(inbox, SECRETS)
  const services = printing(() => {})
  const chance = createChance(Date.now() % 100_000)
  const sources = await Promise.all(
    sourceNames.map(async (name) => ({
      name,
      receiver: createReceiverOf(name, SECRETS, { inbox, explain: false }, services),
      send: await createSender(name, chance, 'https://shop.example'),
    })),
  )
  const live = sources.filter(({ name }) => name !== SILENT.source)
  return {
    receivers: sources.map(({ receiver }) => receiver),
    one() {
      const { name, receiver, send } = chance.one(live)
      return receiver.receive(send({ at: Date.now(), source: name, what: 'genuine' }, receiver))
    },
  }
}
