import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { receiverModule } from '../sender/nest-app.ts'
import { inboxCall, inboxImport, providerCall, senderImports } from '../sender/written.ts'
import { importPath, slashPath } from './joined.ts'
import type { Language } from './language.ts'
import type { InitParts, InitPlace, Wanted } from './parts.ts'
import type { Project } from './project.ts'
import { MOUNT } from './route.ts'

/** The name of the class whose methods handle events. */
export const HANDLERS = 'WebhookHandlers'

/** A module with its receiver, and a provider with its handlers. */
export function nestParts(
  { folder: root, source }: Project,
  { about, gateway, inbox, path, topic }: Wanted,
  { folder, mount }: InitPlace,
  { ending }: Language,
): InitParts {
  const sender = { about, gateway }
  // A second sender shares the inbox of the first.
  const isFirst = mount === MOUNT
  const called = isFirst ? 'Webhooks' : mount.slice('mount'.length)
  const module = `${folder}/${isFirst ? 'webhooks' : about.name}.module`
  const files = new Map([
    [
      `${folder}/handlers.ts`,
      [
        "import { Injectable } from '@nestjs/common'",
        "import type { WebhookEvent } from '@postern/core'",
        "import { OnWebhook } from '@postern/nestjs'",
        '',
        '/** What happens with events. Its constructor gets what you inject. */',
        '@Injectable()',
        `export class ${HANDLERS} {`,
        `  @OnWebhook('${about.name}', '${topic}', { name: 'first' })`,
        '  async first(event: WebhookEvent) {',
        '    console.log(event.topic, event.id)',
        '  }',
        '}',
        '',
      ].join('\n'),
    ],
    [
      `${module}.ts`,
      [
        "import { Module } from '@nestjs/common'",
        "import { PosternModule } from '@postern/nestjs'",
        ...(gateway ? ["import { behind } from '@postern/core'"] : []),
        ...senderImports(sender),
        ...(isFirst ? [inboxImport(inbox!)] : []),
        `import { ${HANDLERS} } from './handlers${ending}'`,
        '',
        '@Module({',
        '  imports: [',
        ...(isFirst
          ? [
              `    PosternModule.forRootAsync({ useFactory: () => ({ inbox: ${inboxCall(inbox!, sender, true)} }) }),`,
            ]
          : []),
        ...receiverModule(about.name, path, providerCall(sender, true)).map(
          (line) => `    ${line}`,
        ),
        '  ],',
        `  providers: [${HANDLERS}],`,
        '})',
        `export class ${called}Module {}`,
        '',
      ].join('\n'),
    ],
  ])
  const app = slashPath(source, 'app.module.ts')
  const imported = `import { ${called}Module } from '${importPath(app, module, ending)}'`
  return {
    files,
    handlers: `${folder}/handlers`,
    mount: [
      `Two lines in ${existsSync(join(root, app)) ? app : 'the module of the app'}.`,
      `  with the imports: ${imported}`,
      `  in the imports of @Module: ${called}Module`,
      '  and in main.ts, so that nothing is lost at a deploy: app.enableShutdownHooks()',
    ].join('\n'),
  }
}
