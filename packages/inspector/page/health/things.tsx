import type { HealthReply, Thing } from '../../src/api/health.ts'
import type { JSX } from 'preact'
import { href } from '../data/route.ts'
import { count, counted } from '../words/count.ts'
import { DeadThing } from './dead-thing.tsx'
import { OtherThing } from './other-thing.tsx'

/** What needs a look, the worst first; then what is over, and what stands in no row. */
export function Things({ health }: { health: HealthReply }): JSX.Element | null {
  const { things, more, at } = health
  if (things.length === 0) return null
  return (
    <ul class="card things" aria-label="What needs a look">
      {things.map((thing) =>
        thing.kind === 'dead' ? (
          <DeadThing key={keyOf(thing)} thing={thing} />
        ) : (
          <OtherThing key={keyOf(thing)} thing={thing} at={at} />
        ),
      )}
      {more.dead > 0 && (
        <li class="more-things">
          <a href={href({ screen: 'list', q: 'state:dead' })}>
            and {more.causes > 0 && `${counted(more.causes, 'more cause')}, `}
            {count(more.dead)} {more.causes > 0 ? 'dead' : 'more dead'}
          </a>
          {more.ofNewest !== undefined && (
            <div class="muted">
              Causes are of the {count(more.ofNewest)} newest failed tasks of each subscription.
            </div>
          )}
        </li>
      )}
    </ul>
  )
}

function keyOf(thing: Thing): string {
  if (thing.kind === 'dead')
    return `dead ${thing.cause ?? `${thing.lanes[0]?.receiver} ${thing.lanes[0]?.subscription}`}`
  return `${thing.kind} ${thing.receiver} ${thing.kind === 'refused' ? thing.code : ''}`
}
