import 'reflect-metadata'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Test } from '@nestjs/testing'
import { postern } from '@postern/nestjs/testing'
import { afterAll, expect, test } from 'vitest'
import { AppModule } from './src/app.module.ts'
import { Invoices } from './src/invoices.ts'

process.env['STRIPE_WEBHOOK_SECRET'] = 'whsec_of the tests'
const folder = mkdtempSync(join(tmpdir(), 'postern-nest-e2e-'))
process.env['WEBHOOKS_DB'] = join(folder, 'webhooks.db')
afterAll(() => rmSync(folder, { recursive: true }))

test('a paid invoice is booked', async () => {
  const booked: unknown[] = []
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(Invoices)
    .useValue({ book: (invoice: unknown) => void booked.push(invoice) })
    .compile()
  const app = await module.createNestApplication().init()
  const invoice = { id: 'in_1', amount_paid: 999 }
  const { status, tasks } = await postern(app).deliver('stripe', 'invoice.paid', {
    data: { object: invoice },
  })
  await app.close()
  expect([status, tasks.map(({ state }) => state)]).toEqual([200, ['done']])
  expect(booked).toMatchObject([invoice])
})
