import type { HostileCase } from './case.ts'
import { genuineDeliveries } from './genuine.ts'
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

/** Returns all cases: each class of attacks for each provider, and the hand-written attacks. */
export async function hostileCases(): Promise<readonly HostileCase[]> {
  const genuine = await genuineDeliveries()
  return [
    ...genuine.flatMap((one) => BY_DELIVERY.flatMap((make) => make(one))),
    ...forgeries(),
    ...challenges(),
    ...formats(),
    ...identity(),
    ...exhaustion(),
  ]
}
