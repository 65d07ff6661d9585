"""What a write does to the books: numbers, days, balances, versions, sparse and full updates, voids and deletions."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest


def test_the_smallest_invoice_gets_everything_quickbooks_fills_in(client, draft):
    shown = client.post("invoice", draft(150))["Invoice"]
    assert shown["DocNumber"] == "1001"
    assert (shown["TxnDate"], shown["DueDate"]) == ("2025-03-03", "2025-04-02")
    assert (shown["TotalAmt"], shown["Balance"]) == (150, 150)
    assert (shown["EmailStatus"], shown["PrintStatus"]) == ("NotSet", "NeedToPrint")
    assert shown["Line"][0]["Id"] == "1"
    assert "BillEmail" not in shown


def test_numbers_count_on_from_what_people_typed(client, company, oak, draft):
    company.add_invoice(oak, "2040", date(2025, 1, 1), None, 100)
    assert client.post("invoice", draft())["Invoice"]["DocNumber"] == "2041"


def test_numbers_skip_those_in_use(client, draft):
    client.post("invoice", draft(DocNumber="1002"))
    assert [client.post("invoice", draft())["Invoice"]["DocNumber"] for _ in range(2)] == ["1001", "1003"]


def test_with_custom_numbers_an_invoice_without_one_stays_without(client, company, draft):
    company.set_preferences("SalesFormsPrefs", CustomTxnNumbers=True)
    assert "DocNumber" not in client.post("invoice", draft())["Invoice"]


def test_the_due_day_comes_from_the_invoices_terms_before_the_customers(client, company, draft):
    company.edit_customer("1", SalesTermRef={"value": "2"})
    assert client.post("invoice", draft())["Invoice"]["DueDate"] == "2025-03-18"
    assert client.post("invoice", draft(SalesTermRef={"value": "1"}))["Invoice"]["DueDate"] == "2025-03-03"
    assert client.post("invoice", draft(DueDate="2025-12-01"))["Invoice"]["DueDate"] == "2025-12-01"


def test_terms_may_name_a_day_of_the_month(client, draft):
    term = client.post("term", {"Name": "Tenth", "Type": "DateDriven", "DayOfMonthDue": 10, "DueNextMonthDays": 5})
    terms = {"SalesTermRef": {"value": term["Term"]["Id"]}}
    assert client.post("invoice", draft(TxnDate="2025-03-03", **terms))["Invoice"]["DueDate"] == "2025-03-10"
    assert client.post("invoice", draft(TxnDate="2025-03-06", **terms))["Invoice"]["DueDate"] == "2025-04-10"


def test_total_is_sales_less_discount_plus_tax(client, draft, line):
    discount = {
        "Amount": 10,
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
    }
    body = draft() | {"Line": [line(100.10), line(99.90), discount], "TxnTaxDetail": {"TotalTax": 14.4}}
    assert client.post("invoice", body)["Invoice"]["TotalAmt"] == 194.4


def test_a_tax_code_taxes_the_taxable_lines(client, draft, line):
    taxed = line(100)
    taxed["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "TAX"}
    body = draft() | {"Line": [taxed, line(50)], "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}}
    shown = client.post("invoice", body)["Invoice"]
    assert (shown["TxnTaxDetail"]["TotalTax"], shown["TotalAmt"]) == (8, 158)


def test_a_deposit_is_money_taken_on_the_invoice(client, draft):
    assert client.post("invoice", draft(100, Deposit=30))["Invoice"]["Balance"] == 70


def test_a_payment_moves_the_invoice_the_customer_and_both_links_but_no_version(client, company, clock, invoice, oak):
    clock.advance(timedelta(hours=1))
    client.token = company.issue_tokens()["access_token"]
    links = [{"Amount": 250, "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}]
    payment = client.post("payment", {"CustomerRef": {"value": oak}, "TotalAmt": 300, "Line": links})["Payment"]
    assert (payment["TotalAmt"], payment["UnappliedAmt"]) == (300, 50)
    shown = client.get(f"invoice/{invoice}")["Invoice"]
    assert shown["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert (shown["Balance"], shown["TotalAmt"], shown["SyncToken"]) == (1000, 1250, "0")
    assert shown["MetaData"]["LastUpdatedTime"] == "2025-03-03T08:00:00-08:00"
    customer = client.get(f"customer/{oak}")["Customer"]
    assert (customer["Balance"], customer["SyncToken"]) == (950, "0")
    assert customer["MetaData"]["LastUpdatedTime"] == "2025-03-03T08:00:00-08:00"


def test_a_job_rolls_its_balance_up_the_family(client, company, oak):
    job = company.add_customer("Oak barn", parent=oak)
    yard = company.add_customer("Yard", parent=job)
    company.add_invoice(oak, "1", date(2025, 1, 1), None, 100)
    company.add_invoice(yard, "2", date(2025, 1, 1), None, 1_000)
    shown = {row["Id"]: row for row in client.rows("select * from Customer")}
    assert (shown[oak]["Balance"], shown[oak]["BalanceWithJobs"]) == (1, 11)
    assert (shown[job]["Balance"], shown[job]["BalanceWithJobs"]) == (0, 10)
    assert shown[yard]["ParentRef"] == {"value": job}
    assert (shown[yard]["Job"], shown[yard]["BillWithParent"], shown[yard]["Level"]) == (True, True, 2)
    assert shown[yard]["FullyQualifiedName"] == "Oak Ltd:Oak barn:Yard"


def test_a_job_that_moves_takes_its_balance_along(company, oak):
    elm = company.add_customer("Elm")
    job = company.add_customer("Barn", parent=oak)
    company.add_invoice(job, "1", date(2025, 1, 1), None, 500)
    company.edit_customer(job, ParentRef={"value": elm})
    assert company.balance_of(oak, with_jobs=True) == 0
    assert company.balance_of(elm, with_jobs=True) == 500


def test_a_parent_pays_its_jobs_invoice(company, oak):
    job = company.add_customer("Barn", parent=oak)
    bill = company.add_invoice(job, "1", date(2025, 1, 1), None, 500)
    payment = company.pay_on_account(oak, 800, date(2025, 2, 1))
    company.apply_payment(payment, bill, 500)
    assert (company.balance_of(job), company.balance_of(oak)) == (0, -300)


def test_a_credit_is_used_by_a_payment_of_nothing(client, company, oak, invoice):
    credit = company.credit(oak, 20_000, date(2025, 2, 1), invoice=invoice)
    shown = client.get(f"creditmemo/{credit}")["CreditMemo"]
    assert (shown["TotalAmt"], shown["RemainingCredit"], shown["Balance"]) == (200, 0, 0)
    (link,) = client.get(f"invoice/{invoice}")["Invoice"]["LinkedTxn"]
    payment = client.get(f"payment/{link['TxnId']}")["Payment"]
    assert (payment["TotalAmt"], payment["UnappliedAmt"]) == (0, 0)
    assert [each["LinkedTxn"][0]["TxnType"] for each in payment["Line"]] == ["Invoice", "CreditMemo"]
    assert company.balance_of(oak) == 105_000


def test_an_unused_credit_remains_and_lowers_the_customers_balance(client, company, oak, invoice):
    assert invoice
    credit = company.credit(oak, 5_000, date(2025, 2, 1))
    assert client.get(f"creditmemo/{credit}")["CreditMemo"]["RemainingCredit"] == 50
    assert company.balance_of(oak) == 120_000


def test_with_the_preference_a_new_credit_uses_itself_up_on_the_oldest_invoices(client, company, oak, invoice, draft):
    company.set_preferences("SalesFormsPrefs", AutoApplyCredit=True)
    older = company.add_invoice(oak, "900", date(2024, 12, 1), None, 3_000)
    memo = client.post("creditmemo", draft(50))["CreditMemo"]
    assert (memo["RemainingCredit"], memo["LinkedTxn"][0]["TxnType"]) == (0, "Payment")
    assert client.get(f"invoice/{older}")["Invoice"]["Balance"] == 0
    assert client.get(f"invoice/{invoice}")["Invoice"]["Balance"] == 1230


def test_editing_a_payment_moves_money_from_one_invoice_to_another(client, company, oak, invoice):
    other = company.add_invoice(oak, "1002", date(2025, 1, 1), None, 100_000)
    payment = company.pay(invoice, 50_000, date(2025, 2, 1))
    body = {"Id": payment, "SyncToken": "0", "sparse": True}
    body["Line"] = [{"Amount": 500, "LinkedTxn": [{"TxnId": other, "TxnType": "Invoice"}]}]
    assert client.post("payment", body)["Payment"]["SyncToken"] == "1"
    assert [item.balance_cents for item in company.open_items()] == [125_000, 50_000]
    assert client.get(f"invoice/{invoice}")["Invoice"]["LinkedTxn"] == []


def test_a_deleted_payment_opens_what_it_had_paid(client, company, invoice):
    payment = company.pay(invoice, 125_000, date(2025, 2, 1))
    reply = client.post("payment", {"Id": payment, "SyncToken": "0"}, operation="delete")
    assert reply["Payment"] == {"domain": "QBO", "status": "Deleted", "Id": payment}
    assert company.open_items()[0].balance_cents == 125_000


def test_a_voided_payment_is_nothing_and_pays_nothing(client, company, invoice):
    payment = company.pay(invoice, 1_000, date(2025, 2, 1))
    body = {"Id": payment, "SyncToken": "0", "sparse": True}
    shown = client.post("payment", body, operation="update", include="void")["Payment"]
    assert (shown["TotalAmt"], shown["UnappliedAmt"], shown["Line"]) == (0, 0, [])
    assert shown["PrivateNote"] == "Voided"
    assert company.open_items()[0].balance_cents == 125_000


def test_a_sparse_update_changes_only_what_is_sent(client, invoice):
    client.post("invoice", {"Id": invoice, "SyncToken": "0", "sparse": True, "CustomerMemo": {"value": "Thanks"}})
    body = {"Id": invoice, "SyncToken": "1", "sparse": True, "PrivateNote": "Asked on Monday"}
    shown = client.post("invoice", body)["Invoice"]
    assert shown["PrivateNote"] == "Asked on Monday"
    assert shown["CustomerMemo"] == {"value": "Thanks"}
    assert (shown["DocNumber"], shown["DueDate"], shown["SyncToken"]) == ("1001", "2025-02-09", "2")
    assert shown["sparse"] is False
    assert shown["BillEmail"] == {"Address": "ap@oak.example"}


def test_a_full_update_clears_whatever_is_not_sent(client, invoice, oak, line):
    client.post("invoice", {"Id": invoice, "SyncToken": "0", "sparse": True, "PrivateNote": "Keep me"})
    body = {"Id": invoice, "SyncToken": "1", "CustomerRef": {"value": oak}, "Line": [line(1250)]}
    shown = client.post("invoice", body)["Invoice"]
    assert "PrivateNote" not in shown
    assert "BillEmail" not in shown
    assert shown["DocNumber"] == "1001"
    assert shown["TxnDate"] == "2025-03-03"


def test_a_full_update_of_a_customer_clears_notes_and_mail_address(client, company, oak):
    company.edit_customer(oak, Notes="Call Mary")
    shown = client.post("customer", {"Id": oak, "SyncToken": "1", "DisplayName": "Oak Ltd"})["Customer"]
    assert "Notes" not in shown
    assert "PrimaryEmailAddr" not in shown


def test_an_empty_text_clears_a_property(client, company, oak):
    company.edit_customer(oak, Notes="Call Mary")
    body = {"Id": oak, "SyncToken": "1", "sparse": True, "Notes": ""}
    assert "Notes" not in client.post("customer", body)["Customer"]


def test_a_null_is_as_if_it_had_not_been_sent(client, company, oak):
    company.edit_customer(oak, Notes="Call Mary")
    body = {"Id": oak, "SyncToken": "1", "sparse": True, "Notes": None}
    assert client.post("customer", body)["Customer"]["Notes"] == "Call Mary"


def test_lines_are_replaced_as_a_whole_and_new_ones_get_new_ids(client, invoice, line):
    body = {"Id": invoice, "SyncToken": "0", "sparse": True, "Line": [line(10), line(20)]}
    shown = client.post("invoice", body)["Invoice"]
    assert [each.get("Id") for each in shown["Line"]] == ["2", "3", None]
    body = {"Id": invoice, "SyncToken": "1", "sparse": True, "Line": [line(10, Id="2"), line(5)]}
    shown = client.post("invoice", body)["Invoice"]
    assert [each.get("Id") for each in shown["Line"]] == ["2", "4", None]
    assert shown["Balance"] == 15


def test_what_the_books_keep_themselves_is_taken_and_forgotten(client, invoice):
    body = {"Id": invoice, "SyncToken": "0", "sparse": True, "Balance": 1, "TotalAmt": 2, "LinkedTxn": []}
    shown = client.post("invoice", body)["Invoice"]
    assert (shown["Balance"], shown["TotalAmt"]) == (1250, 1250)


def test_a_void_leaves_zeros_and_the_word_before_the_note(client, company, invoice, oak):
    company.edit_invoice(invoice, PrivateNote="Barn")
    shown = client.post("invoice", {"Id": invoice, "SyncToken": "1"}, operation="void")["Invoice"]
    assert (shown["TotalAmt"], shown["Balance"], shown["SyncToken"]) == (0, 0, "2")
    assert shown["PrivateNote"] == "Voided - Barn"
    assert [each["Amount"] for each in shown["Line"]] == [0, 0]
    assert company.balance_of(oak) == 0


def test_a_deleted_invoice_is_gone_and_its_number_free(client, company, invoice, oak, draft):
    reply = client.post("invoice", {"Id": invoice, "SyncToken": "0"}, operation="delete")
    assert reply["Invoice"] == {"domain": "QBO", "status": "Deleted", "Id": invoice}
    assert company.balance_of(oak) == 0
    assert client.post("invoice", draft(DocNumber="1001"))["Invoice"]["Id"] == "2"


def test_money_on_a_deleted_invoice_becomes_unapplied(company, invoice, oak):
    company.pay(invoice, 1_000, date(2025, 2, 1))
    company.delete_invoice(invoice)
    assert company.balance_of(oak) == -1_000


def test_a_merged_customer_is_gone_and_its_documents_are_the_others(client, company, oak, invoice):
    elm = company.add_customer("Elm")
    company.pay_on_account(oak, 500, date(2025, 2, 1))
    company.journal_entry(oak, 700, date(2025, 2, 1))
    company.deposit(oak, 300, date(2025, 2, 1))
    company.merge_customers(oak, elm)
    assert client.get(f"customer/{oak}")["Fault"]["Error"][0]["code"] == "610"
    assert client.get(f"invoice/{invoice}")["Invoice"]["CustomerRef"] == {"value": elm, "name": "Elm"}
    assert company.balance_of(elm) == 125_000 - 500 + 700 - 300
    assert client.get("reports/CustomerBalance")["Rows"]["Row"][0]["ColData"][1]["value"] == "1249.00"


def test_a_renamed_customer_is_shown_by_its_new_name(client, company, oak, invoice):
    client.get(f"invoice/{invoice}")
    company.edit_customer(oak, DisplayName="Oak and Sons")
    assert client.get(f"invoice/{invoice}")["Invoice"]["CustomerRef"]["name"] == "Oak and Sons"
    assert client.get(f"customer/{oak}")["Customer"]["FullyQualifiedName"] == "Oak and Sons"


def test_an_item_and_an_account_can_be_made(client, draft, line):
    account = client.post("account", {"Name": "Charges", "AccountType": "Other Income"})["Account"]
    body = {"Name": "Finance charge", "Type": "Service", "IncomeAccountRef": {"value": account["Id"]}}
    item = client.post("item", body)["Item"]
    charged = line(7.99, Description="Interest")
    charged["SalesItemLineDetail"] = {"ItemRef": {"value": item["Id"]}, "Qty": 1, "UnitPrice": 7.99}
    shown = client.post("invoice", draft() | {"Line": [charged]})["Invoice"]
    assert shown["Line"][0]["SalesItemLineDetail"]["ItemRef"] == {"value": item["Id"], "name": "Finance charge"}
    assert client.ids("select * from Item where Name = 'Finance charge'") == [item["Id"]]


def test_amounts_in_another_currency_are_also_shown_at_home(client, company):
    company.books.multi_currency = True
    company.set_rate("EUR", date(2025, 1, 1), Decimal(1))
    company.set_rate("EUR", date(2025, 2, 1), Decimal("1.08"))
    euro = company.add_customer("Eiche GmbH", currency="EUR")
    company.add_invoice(euro, "E-1", date(2025, 2, 10), None, 10_000)
    shown = client.get("invoice/1")["Invoice"]
    assert shown["CurrencyRef"] == {"value": "EUR", "name": "Euro"}
    assert (shown["Balance"], shown["ExchangeRate"], shown["HomeBalance"], shown["HomeTotalAmt"]) == (
        100,
        1.08,
        108,
        108,
    )
    rate = client.get("exchangerate", sourcecurrencycode="EUR", asofdate="2025-02-01")["ExchangeRate"]
    assert (rate["Rate"], rate["TargetCurrencyCode"]) == (1.08, "USD")
    assert client.get("reports/CustomerBalance")["Rows"]["Row"][0]["ColData"][1]["value"] == "108.00"


def test_an_update_that_changes_nothing_keeps_the_version_of_a_list_entry(client, oak):
    body = {"Id": oak, "SyncToken": "0", "sparse": True, "DisplayName": "Oak Ltd"}
    assert client.post("customer", body)["Customer"]["SyncToken"] == "0"


def test_preferences_can_be_changed_by_the_api(client):
    body = {"Id": "1", "SyncToken": "0", "sparse": True, "SalesFormsPrefs": {"CustomTxnNumbers": True}}
    shown = client.post("preferences", body)["Preferences"]
    assert shown["SalesFormsPrefs"]["CustomTxnNumbers"] is True
    assert shown["SalesFormsPrefs"]["DefaultTerms"] == {"value": "3"}


@pytest.mark.parametrize("entity", ["Vendor", "Class", "Department"])
def test_other_lists_can_be_kept_too(client, entity):
    label = "DisplayName" if entity == "Vendor" else "Name"
    made = client.post(entity.lower(), {label: "North"})[entity]
    shown = client.post(entity.lower(), {"Id": made["Id"], "SyncToken": "0", "sparse": True, label: "South"})[entity]
    assert (shown[label], shown["SyncToken"]) == ("South", "1")
