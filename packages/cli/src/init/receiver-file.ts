import type { Framework } from '../hosts.ts'
import type { InboxName } from '../inboxes.ts'
import {
  receiverImports,
  receiverLines,
  senderImports,
  type WrittenSender,
} from '../sender/written.ts'
import type { Language } from './language.ts'

/** What the receiver's file says. */
export function receiverOf(
  sender: WrittenSender,
  {
    framework,
    inbox,
    language: { extension, ending },
  }: { readonly framework: Framework; readonly inbox: InboxName; readonly language: Language },
): string {
  const isNext = framework === 'next'
  const lines = receiverLines(sender, {
    inbox,
    isTyped: extension === 'ts',
    isNext,
    drains: framework === 'lambda',
    subscribe: ['subscribe(receiver)'],
  })
  return [
    ...receiverImports(inbox, sender),
    ...(isNext ? ["import { persistent, reloadable } from '@postern/next'"] : []),
    ...senderImports(sender),
    `import { subscribe } from './handlers${ending}'`,
    '',
    ...lines.map((line) => line.replace(/^const receiver\b/, 'export const receiver')),
    '',
  ].join('\n')
}

/** The file of the handlers. */
export function handlersFile(topic: string, isTyped: boolean): string {
  return [
    ...(isTyped ? ["import type { Receiver } from '@postern/core'", ''] : []),
    '/** What happens with events. Tests use it too. */',
    `export function subscribe(receiver${isTyped ? ': Receiver' : ''}) {`,
    `  receiver.on('${topic}', { name: 'first' }, async (event) => {`,
    '    console.log(event.topic, event.id)',
    '  })',
    '}',
    '',
  ].join('\n')
}
