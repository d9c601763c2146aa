import { Module } from '@nestjs/common'
import { PosternModule } from '@postern/nestjs'
import { github } from '@postern/providers/github'
import { sqliteInbox } from '@postern/sqlite'
import { WebhookHandlers } from './handlers.ts'

@Module({
  imports: [
    PosternModule.forRootAsync({
      useFactory: () => ({ inbox: sqliteInbox({ path: 'webhooks.db' }) }),
    }),
    PosternModule.receiver('github', '/webhooks/github', {
      useFactory: () => ({
        provider: github({ secret: process.env.GITHUB_WEBHOOK_SECRET! }),
      }),
    }),
  ],
  providers: [WebhookHandlers],
})
export class WebhooksModule {}
