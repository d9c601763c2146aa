import type { RejectedGroup } from '../../src/api/health.ts'
import { href, qualifier } from '../data/route.ts'

/**
 * Returns the link to the list of these rejections since a time. If `explained` is given, the link also opens the
 * explanation of the delivery with this id. An undefined id opens the explanation of the newest rejection.
 */
export function rejectedLink(
  { receiver, code }: RejectedGroup,
  since: string,
  ...explained: readonly (string | undefined)[]
): string {
  const q = [
    'outcome:rejected',
    qualifier('receiver', receiver),
    qualifier('code', code),
    `since:${since}`,
  ].join(' ')
  return href({
    screen: 'list',
    receiver: '',
    q,
    ...(explained.length > 0
      ? { open: explained[0] === undefined ? 'first' : `delivery:${explained[0]}`, tab: 'explain' }
      : {}),
  })
}
