// Jest with ESM, and decorators as the compiler calls them: the helper of Nest as users of Jest have it.
import 'reflect-metadata'
import { Module } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { OnWebhook, PosternModule } from '@postern/nestjs'
import { postern } from '@postern/nestjs/testing'
import { stripe } from '@postern/providers/stripe'

class Invoices {
  book() {
    throw new Error('the test replaces it')
  }
}
class Billing {
  constructor(invoices) {
    this.invoices = invoices
  }
  paid(event) {
    return this.invoices.book(event.payload.data.object)
  }
}
Reflect.defineMetadata('design:paramtypes', [Invoices], Billing)
const paid = Object.getOwnPropertyDescriptor(Billing.prototype, 'paid')
OnWebhook('stripe', 'invoice.paid', { name: 'book' })(Billing.prototype, 'paid', paid)
class AppModule {}
Module({
  imports: [
    PosternModule.receiver('stripe', '/webhooks/stripe', {
      useFactory: () => ({ provider: stripe({ secret: 'whsec_of the tests' }), log: false }),
    }),
  ],
  providers: [Billing, Invoices],
})(AppModule)

test('a paid invoice goes through the whole app, and a forged one does not', async () => {
  const booked = []
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(Invoices)
    .useValue({ book: (invoice) => void booked.push(invoice.amount_paid) })
    .compile()
  const app = await module.createNestApplication().init()
  const payload = { data: { object: { amount_paid: 999 } } }
  const { status, tasks } = await postern(app).deliver('stripe', 'invoice.paid', payload)
  const forged = await postern(app).deliver('stripe', 'invoice.paid', payload, {
    secret: 'whsec_another',
  })
  await app.close()
  expect([status, tasks.map(({ state }) => state)]).toEqual([200, ['done']])
  expect([forged.status, forged.tasks]).toEqual([401, []])
  expect(booked).toEqual([999])
})
