// Written by test/descriptions/extract.ts from npm square 46.0.0 (the types of events).
export const SQUARE_TOPICS: string = `
bank_account.created bank_account.disabled bank_account.verified device.code.paired invoice.canceled
invoice.created invoice.deleted invoice.payment_made invoice.published invoice.refunded
invoice.scheduled_charge_failed invoice.updated job.created job.updated location.created
location.updated oauth.authorization.revoked online_checkout.location_settings.updated
online_checkout.merchant_settings.updated order.created order.fulfillment.updated order.updated
payment.created payment.updated payout.paid payout.sent refund.created refund.updated
subscription.created subscription.updated team_member.created team_member.updated
team_member.wage_setting.updated terminal.action.created terminal.action.updated
terminal.checkout.created terminal.checkout.updated terminal.refund.created terminal.refund.updated
transfer_order.created transfer_order.deleted transfer_order.updated
`
