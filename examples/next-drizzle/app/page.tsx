import type { ReactNode } from 'react'
import { db, payments } from '../db/payments'

export const dynamic = 'force-dynamic'

export default async function Page(): Promise<ReactNode> {
  const all = await db().select().from(payments)
  return <p>{all.length} paid invoices. Stripe posts to /webhooks/stripe.</p>
}
