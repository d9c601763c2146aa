import type { AppText, SenderText } from '../inboxes.ts'

/** The whole app for NestJS: its module makes the receiver. */
export function nestApp(path: string, { name, topic, provider, inbox }: SenderText): AppText {
  return {
    imports: [
      "import { Injectable, Module } from '@nestjs/common'",
      "import { NestFactory } from '@nestjs/core'",
      "import type { WebhookEvent } from '@postern/core'",
      "import { OnWebhook, PosternModule } from '@postern/nestjs'",
    ],
    lines: [
      '@Injectable()',
      'class Handlers {',
      `  @OnWebhook('${name}', '${topic}')`,
      '  async first(event: WebhookEvent) {',
      '    console.log(event.topic, event.payload)',
      '  }',
      '}',
      '',
      '@Module({',
      '  imports: [',
      `    PosternModule.forRootAsync({ useFactory: () => ({ inbox: ${inbox} }) }),`,
      ...receiverModule(name, path, provider).map((line) => `    ${line}`),
      '  ],',
      '  providers: [Handlers],',
      '})',
      'class AppModule {}',
      '',
      'const app = await NestFactory.create(AppModule)',
      'app.enableShutdownHooks()',
      'await app.listen(3000)',
    ],
    makesReceiver: true,
  }
}

/** The lines that make a receiver and mount it. */
export function receiverModule(
  name: string,
  path: string,
  provider: readonly string[],
): readonly string[] {
  return [
    `PosternModule.receiver('${name}', '${path}', {`,
    '  useFactory: () => ({',
    ...provider.map((line) => `    ${line}`),
    '  }),',
    '}),',
  ]
}
