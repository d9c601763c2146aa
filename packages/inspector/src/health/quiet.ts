import type { Bucket } from '@postern/core/inbox'
import type { Thing } from '../api/health.ts'
import type { ReceiverState } from './receivers.ts'
import { isSilent, rhythmOf } from './silent.ts'

/** A receiver that takes nothing. */
export function broken({ name, ok, inbox }: ReceiverState): readonly Thing[] {
  return ok ? [] : [{ kind: 'inbox', receiver: name, message: inbox }]
}

/** A receiver that nothing comes to any more. */
export function silentThing(
  { name, lastDelivery, silence }: ReceiverState,
  verified: readonly Bucket[],
  now: number,
): readonly Thing[] {
  if (lastDelivery === undefined) return []
  const rhythm = rhythmOf(verified.filter(({ receiver }) => receiver === name))
  if (!isSilent(now, lastDelivery, silence, rhythm)) return []
  return [
    {
      kind: 'silent',
      receiver: name,
      since: lastDelivery,
      usually: rhythm?.usually,
      ...(silence !== undefined && { limit: silence }),
    },
  ]
}
