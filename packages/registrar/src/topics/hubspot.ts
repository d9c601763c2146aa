// Written by test/descriptions/extract.ts from npm @hubspot/api-client 13.5.0 (SubscriptionCreateRequestEventTypeEnum).
export const HUBSPOT_TOPICS: string = `
company.associationChange company.creation company.deletion company.merge company.propertyChange
company.restore contact.associationChange contact.creation contact.deletion contact.merge
contact.privacyDeletion contact.propertyChange contact.restore conversation.creation
conversation.deletion conversation.newMessage conversation.privacyDeletion
conversation.propertyChange deal.associationChange deal.creation deal.deletion deal.merge
deal.propertyChange deal.restore line_item.associationChange line_item.creation line_item.deletion
line_item.merge line_item.propertyChange line_item.restore object.associationChange object.creation
object.deletion object.merge object.propertyChange object.restore product.creation product.deletion
product.merge product.propertyChange product.restore ticket.associationChange ticket.creation
ticket.deletion ticket.merge ticket.propertyChange ticket.restore
`
