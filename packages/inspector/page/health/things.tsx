import type { HealthReply, Thing } from '../../src/api.ts'
import type { JSX } from 'preact'
import { DeadThing } from './dead-thing.tsx'
import { OtherThing } from './other-thing.tsx'

/** What needs a look, the worst first. */
export function Things({ health }: { health: HealthReply }): JSX.Element | null {
  if (health.things.length === 0) return null
  return (
    <ul class="card things" aria-label="What needs a look">
      {health.things.map((thing) =>
        thing.kind === 'dead' ? (
          <DeadThing key={keyOf(thing)} thing={thing} />
        ) : (
          <OtherThing key={keyOf(thing)} thing={thing} at={health.at} />
        ),
      )}
    </ul>
  )
}

function keyOf(thing: Thing): string {
  const more =
    thing.kind === 'dead'
      ? `${thing.subscription} ${thing.cause}`
      : thing.kind === 'refused'
        ? `${thing.code} ${thing.proven ?? ''}`
        : ''
  return `${thing.kind} ${thing.receiver} ${more}`
}
