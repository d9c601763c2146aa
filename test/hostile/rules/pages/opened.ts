import type { Inbox } from '@postern/core/inbox'
import { INBOXES, type InboxName, type Inboxes } from '../inboxes.ts'
import { pageHosts, type OpenPage, type PageOptions } from './page-hosts.ts'

export interface Place {
  readonly host: string
  readonly name: InboxName
  readonly inbox: Inbox
  readonly open: (options: Omit<PageOptions, 'inbox'>) => Promise<OpenPage>
}

/** Returns every host with an inbox. The inboxes take turns. */
export async function places(
  inboxes: Inboxes,
): Promise<{ readonly all: readonly Place[]; readonly close: () => Promise<void> }> {
  const opened = await Promise.all(
    INBOXES.map(async (name) => ({ name, ...(await inboxes.open(name)) })),
  )
  const pages: OpenPage[] = []
  return {
    all: Object.entries(pageHosts).map(([host, mount], at) => {
      const { name, inbox } = opened[at % opened.length]!
      const open: Place['open'] = async (options) => {
        const page = await mount({ inbox, log: false, ...options })
        pages.push(page)
        return page
      }
      return { host, name, inbox, open }
    }),
    async close() {
      for (const page of pages) await page.close()
      for (const { close } of opened) await close()
    },
  }
}
