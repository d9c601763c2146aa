import type { RefusedGroup } from '../../src/api.ts'
import { href, qualifier } from '../data/route.ts'

/** The list of these refusals, as old as their count is; the newest one open at its explanation, if asked. */
export function refusedLink(
  { receiver, code }: RefusedGroup,
  since: string,
  isExplained = false,
): string {
  const q = [
    'outcome:refused',
    qualifier('receiver', receiver),
    qualifier('code', code),
    `since:${since}`,
  ].join(' ')
  return href({
    screen: 'list',
    receiver: '',
    q,
    ...(isExplained ? { open: 'first', tab: 'explain' } : {}),
  })
}
