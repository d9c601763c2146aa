import { Controller, Get, Module } from '@nestjs/common'
import type { AttemptInfo, Task, WebhookEvent } from '@postern/core'
import { OnDead, OnWebhook, PosternModule } from '@postern/nestjs'
import { stripe } from '@postern/providers/stripe'
import { sqliteInbox } from '@postern/sqlite'
import { Invoices } from './invoices.ts'

@Controller()
class Billing {
  constructor(private readonly invoices: Invoices) {}

  @OnWebhook('stripe', 'invoice.paid', { name: 'book' })
  async paid(event: WebhookEvent, task: Task) {
    const { data } = event.payload as { data: { object: { id: string; amount_paid: number } } }
    await this.invoices.book(data.object, task.idempotencyKey)
  }

  @OnDead('stripe')
  gaveUp(attempt: AttemptInfo) {
    console.error(`${attempt.task} gave up`)
  }

  @Get('total')
  total() {
    return this.invoices.total()
  }
}

@Module({
  imports: [
    PosternModule.receiver('stripe', '/webhooks/stripe', {
      useFactory: () => ({
        provider: stripe({ secret: process.env.STRIPE_WEBHOOK_SECRET! }),
        inbox: sqliteInbox({ path: process.env.WEBHOOKS_DB ?? 'webhooks.db' }),
      }),
    }),
  ],
  controllers: [Billing],
  providers: [Invoices],
})
export class AppModule {}
