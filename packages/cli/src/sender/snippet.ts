import type { About } from '@postern/core/scheme'
import { hosts, type HostName } from '../hosts.ts'
import { variablesOf } from './sender.ts'

/** A whole app for one sender on one host, in TypeScript. */
export function snippetOf(about: About, host: HostName): string {
  const path = `/webhooks/${about.name}`
  const { package: adapter, app } = hosts[host]
  const { imports, lines } = app(path)
  const module = about.name.replaceAll('.', '-')
  const factory = about.name.replaceAll(/[-.](\w)/g, (_all, letter: string) => letter.toUpperCase())
  return [
    "import { createReceiver } from '@postern/core'",
    ...(adapter === undefined ? [] : [`import { webhook } from '${adapter}'`]),
    `import { ${factory} } from '@postern/providers/${module}'`,
    ...imports,
    '',
    `const receiver = createReceiver({ provider: ${factory}(${given(about)}) })`,
    `receiver.on('${about.topics[0] ?? '**'}', async (event) => {`,
    '  console.log(event.topic, event.payload)',
    '})',
    '',
    ...lines,
  ].join('\n')
}

function given(about: About): string {
  return about.secretOption === undefined
    ? '{}'
    : `{ ${about.secretOption}: process.env.${variablesOf(about)[0]}! }`
}
