import type { Journal } from '@postern/core/inbox'
import type { ExplainReply } from '../api/detail.ts'
import type { RefusedGroup } from '../api/health.ts'
import type { Context } from '../routes/context.ts'
import { explanationOf } from '../routes/explain.ts'
import { keepProof, type Proof } from './proofs.ts'
import type { Burst } from './refused.ts'

// Refusals that are asked for their body, the newest first: a receiver keeps some of each minute.
const LOOKED = 50
const BURSTS = 5
// Milliseconds of one search: nobody has asked for it. Who opens the delivery gets the whole one.
const MS = 250

/** Explains the newest kept body of each burst, one after another, and again once a newer delivery was refused. */
export async function proofsOf(
  context: Context,
  bursts: readonly Burst[],
): Promise<readonly Proof[]> {
  const found: Proof[] = []
  for (const [place, burst] of bursts.entries())
    found.push(place < BURSTS && context.visitor.payloads ? await proofOf(context, burst) : {})
  return found
}

async function proofOf(context: Context, { receiver, code, since }: Burst): Promise<Proof> {
  const { inbox, proofs } = context
  const { journal } = inbox
  if (!journal) return {}
  const page = await journal.refusals({
    receiver,
    code,
    outcome: 'refused',
    since,
    limit: LOOKED,
    budget: 100,
  })
  const newest = page.rows[0]?.id
  if (newest === undefined) return {}
  const known = proofs.get(JSON.stringify([receiver, code]))
  if (known?.newest === newest && known.proof.explain !== undefined) return known.proof
  const ids = page.rows.map(({ id }) => id)
  // A visitor who has used up what he may ask of the event loop sees no proof this time.
  const proof = await newestKept(context, journal, ids).catch(() => undefined)
  if (!proof) return {}
  // A search that its time has ended may prove something another time.
  if (proof.isWhole) keepProof(proofs, [receiver, code], { newest, proof: proof.found })
  return proof.found
}

async function newestKept(
  context: Context,
  journal: Journal,
  ids: readonly string[],
): Promise<{ readonly found: Proof; readonly isWhole: boolean }> {
  for (const id of ids) {
    const arrival = await journal.delivery(id)
    if (!arrival?.kept) continue
    const reply = await explanationOf(context, id, MS)
    const found = reply.cannot === undefined ? { explain: id, ...provenBy(reply) } : {}
    return { found, isWhole: !reply.stats.stopped }
  }
  return { found: {}, isWhole: true }
}

function provenBy({ findings }: ExplainReply): Pick<RefusedGroup, 'proven' | 'remedy'> {
  const proof = findings.find(({ certainty }) => certainty === 'proven')
  return proof ? { proven: proof.cause, remedy: proof.remedy } : {}
}
