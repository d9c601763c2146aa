import type { HostileCase } from './case.ts'
import { genuineDeliveries, type Genuine } from './genuine.ts'
import { oneOfEachKind } from './kinds.ts'
import { challenges } from './attacks/challenges.ts'
import { exhaustion } from './attacks/exhaustion.ts'
import { formats } from './attacks/formats.ts'
import { identity } from './attacks/identity.ts'
import { bodies } from './classes/bodies.ts'
import { bombs } from './classes/bombs.ts'
import { codings } from './classes/codings.ts'
import { forgeries } from './classes/forgeries.ts'
import { heads } from './classes/heads.ts'
import { labels } from './classes/labels.ts'
import { methods } from './classes/methods.ts'

const BY_DELIVERY = [labels, codings, methods, heads, bodies, bombs]

/** All cases: each class over each provider, and those that were written by hand. */
export async function hostileCases(): Promise<readonly HostileCase[]> {
  return casesOver(await genuineDeliveries())
}

/** Those that each host must stand: each class over one provider of each kind, and those that were written by hand. */
export async function casesOfKinds(): Promise<readonly HostileCase[]> {
  const genuine = oneOfEachKind(await genuineDeliveries())
  const senders = new Set(genuine.map(({ name }) => name.split(':', 1)[0]!))
  return casesOver(genuine, (sender) => senders.has(sender))
}

function casesOver(
  genuine: readonly Genuine[],
  forged: (sender: string) => boolean = () => true,
): readonly HostileCase[] {
  return [
    ...genuine.flatMap((one) => BY_DELIVERY.flatMap((make) => make(one))),
    ...forgeries(forged),
    ...challenges(),
    ...formats(),
    ...identity(),
    ...exhaustion(),
  ]
}
