import type { HealthReply } from '../../src/api/health.ts'
import type { JSX } from 'preact'
import { useRoute } from '../data/route.ts'
import { Spark } from '../parts/spark.tsx'
import { count, counted } from '../words/count.ts'
import { safe } from '../words/safe.ts'
import { refusedLink } from './refused-link.ts'

/** Refusals that are no more than usual, folded into one line. */
export function Usual({ usual }: { usual: HealthReply['usual'] }): JSX.Element | null {
  const { range } = useRoute()
  if (usual.count === 0) return null
  return (
    <details class="usual">
      <summary>
        {count(usual.count)} refused in {counted(usual.groups.length, 'group')}, no more than usual
      </summary>
      <ul class="card">
        {usual.groups.map((group) => (
          <li key={`${group.receiver} ${group.code} ${group.proven ?? ''}`}>
            <a href={refusedLink(group, range)}>
              {count(group.count)} {safe(group.code)}
            </a>
            <span class="who">{safe(group.receiver)}</span>
            <Spark values={group.spark} tone="warn" />
          </li>
        ))}
      </ul>
    </details>
  )
}
