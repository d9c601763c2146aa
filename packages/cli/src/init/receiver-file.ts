import type { About } from '@postern/core/scheme'
import type { Framework } from '../hosts.ts'
import { inboxes, type InboxName } from '../inboxes.ts'
import { variablesOf } from '../sender/sender.ts'
import type { Language } from './language.ts'

/** The factory of a sender and the module it is imported from. */
export function factoryOf(about: About): { readonly factory: string; readonly from: string } {
  return {
    factory: about.name.replaceAll(/[-.](\w)/g, (_all, letter: string) => letter.toUpperCase()),
    from: `@postern/providers/${about.name.replaceAll('.', '-')}`,
  }
}

/** What the receiver's file says. */
export function receiverOf(
  about: About,
  {
    framework,
    inbox,
    language: { extension, ending },
  }: { readonly framework: Framework; readonly inbox: InboxName; readonly language: Language },
): string {
  const isTyped = extension === 'ts'
  const { package: inboxFrom, factory: make, place } = inboxes[inbox]
  const made = `${make}(${place ? `{ ${place.option}: ${place.written} }` : ''})`
  const { factory, from } = factoryOf(about)
  const given =
    about.secretOption === undefined
      ? '{ unauthenticated: true }'
      : `{ ${about.secretOption}: process.env.${variablesOf(about)[0]}${isTyped ? '!' : ''} }`
  const kept = isTyped ? made.replace(/process\.env\.\w+/, '$&!') : made
  const head = [
    inboxFrom === '@postern/core'
      ? `import { createReceiver, ${make} } from '@postern/core'`
      : `import { createReceiver } from '@postern/core'\nimport { ${make} } from '${inboxFrom}'`,
    ...(framework === 'next' ? ["import { persistent, reloadable } from '@postern/next'"] : []),
    `import { ${factory} } from '${from}'`,
    `import { subscribe } from './handlers${ending}'`,
    '',
  ]
  const body =
    framework === 'next'
      ? [
          '// One inbox and one receiver for all bundles, also after a hot reload; `next build` opens neither.',
          `const inbox = persistent('inbox', () => ${kept})`,
          `export const receiver = reloadable('${about.name}', () => {`,
          `  const receiver = createReceiver({ provider: ${factory}(${given}), inbox })`,
          '  subscribe(receiver)',
          '  return receiver',
          '})',
        ]
      : [
          'export const receiver = createReceiver({',
          `  provider: ${factory}(${given}),`,
          `  inbox: ${kept},`,
          '})',
          'subscribe(receiver)',
        ]
  return [...head, ...body, ''].join('\n')
}
