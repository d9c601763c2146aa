import { Module } from '@nestjs/common'
import { PosternModule } from '@postern/nestjs'
import { postgresInbox } from '@postern/postgres'
import { stripe } from '@postern/providers/stripe'
import { WebhookHandlers } from './handlers.ts'

@Module({
  imports: [
    PosternModule.forRootAsync({
      useFactory: () => ({
        inbox: postgresInbox({ connectionString: process.env.DATABASE_URL! }),
      }),
    }),
    PosternModule.receiver('stripe', '/webhooks/stripe', {
      useFactory: () => ({
        provider: stripe({ secret: process.env.STRIPE_WEBHOOK_SECRET! }),
      }),
    }),
  ],
  providers: [WebhookHandlers],
})
export class WebhooksModule {}
