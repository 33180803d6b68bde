/*
 * roles.c - which column of a file is the customer, which the time, which the event.
 *
 * Names decide, by lists that come in ranks: a column named `customer_id` goes before one named
 * `household`. The best rank that has a column wins; if it has two, it is not clear and someone
 * must say. If only one column reads as times, its name does not matter. The event is text,
 * and there need not be one.
 */
#include "shell/import.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Names without case, blanks, '_' and '-'. Each list ends with NULL, the lists with an empty one.
 */
static const char *const customer_names[][24] = {
    {"customer", "customerid", "custid", "customerno", "customernumber", "customerkey", "user",
     "userid", "uid", "客户", "客户id", "客户编号", "用户", "用户id", "会员", "会员id", "会员号"},
    {"visitor", "visitorid", "member", "memberid", "memberno", "person", "personid", "client",
     "clientid", "account", "accountid", "buyer", "buyerid", "openid", "unionid",
     "customeruniqueid", "fullvisitorid", "anonymousid", "distinctid"},
    {"household", "householdid", "householdkey", "subscriber", "subscriberid", "player", "playerid",
     "patient", "patientid", "student", "studentid", "device", "deviceid", "email", "phone",
     "mobile", "author", "authorid"},
    {"session", "sessionid"},
    {NULL},
};
static const char *const time_names[][24] = {
    {"ts", "time", "timestamp", "datetime", "eventtime", "eventtimestamp", "eventts", "occurredat",
     "happenedat", "时间", "事件时间", "发生时间"},
    {"date", "eventdate", "createdat", "created", "createdtime", "createtime", "orderdate",
     "ordertime", "purchasedate", "transactiondate", "transactiontime", "transactiontimestamp",
     "invoicedate", "日期", "下单时间", "创建时间"},
    {"day", "updatedat", "loggedat", "receivedat"},
    {NULL},
};
static const char *const event_names[][24] = {
    {"event", "eventname", "eventtype", "action", "actiontype", "事件", "事件名称", "行为"},
    {"behavior", "behaviour", "behaviortype", "behaviourtype", "activity", "activitytype", "verb",
     "type", "行为类型"},
    {NULL},
};

static const struct {
    const char *name;
    const char *const (*lists)[24];
} kinds[] = {{"customer", customer_names}, {"time", time_names}, {"event", event_names}};

const char *mu_shell_role_name(mu_shell_role role)
{
    return kinds[role].name;
}

/* Whether a name is `plain` but for case, blanks, '_' and '-', or at least begins with it. */
static bool same_name(const char *name, const char *plain, bool beginning)
{
    for (; *name && !(beginning && *plain == '\0'); name++) {
        if (*name == ' ' || *name == '_' || *name == '-') {
            continue;
        }
        if (tolower((unsigned char)*name) != (unsigned char)*plain++) {
            return false;
        }
    }
    return *plain == '\0';
}

/* The rank of a name in the lists of a role, from 0; -1 if it is in none. */
static int rank_of(mu_shell_role role, const char *name)
{
    const char *const(*lists)[24] = kinds[role].lists;
    int rank = 0;

    for (; lists[rank][0]; rank++) {
        for (size_t i = 0; i < 24 && lists[rank][i]; i++) {
            if (same_name(name, lists[rank][i], false)) {
                return rank;
            }
        }
    }
    /* user_id_hash and the like, after all those that are exactly what they say. */
    const bool id = same_name(name, "userid", true) || same_name(name, "customerid", true);
    return role == MU_SHELL_CUSTOMER && id ? rank : -1;
}

static bool is_time(const mu_shell_column *column)
{
    return strcmp(column->type, "TIMESTAMP") == 0 || strcmp(column->type, "DATE") == 0;
}

static bool may_be(mu_shell_role role, const mu_shell_column *column)
{
    const bool text = strcmp(column->type, "TEXT") == 0;

    switch (role) {
    case MU_SHELL_CUSTOMER:
        return text || strcmp(column->type, "BIGINT") == 0 || strcmp(column->type, "INTEGER") == 0;
    case MU_SHELL_TIME:
        return is_time(column);
    case MU_SHELL_EVENT:
        break;
    }
    return text;
}

/* By name, among the columns whose type is right, or among all texts and numbers: one value that
 * is no time makes a column of times a column of texts. */
static mu_shell_guess guess_by_name(mu_shell_role role, const mu_shell_column *columns,
                                    size_t count, bool any_type)
{
    mu_shell_guess guess = {.column = MU_SHELL_NO_COLUMN, .clear = role == MU_SHELL_EVENT};
    int best = -1;

    for (size_t i = 0; i < count; i++) {
        const bool may = any_type || may_be(role, &columns[i]);
        const int rank = may ? rank_of(role, columns[i].name) : -1;

        if (rank >= 0 && (best < 0 || rank < best)) {
            best = rank;
            guess = (mu_shell_guess){i, true, "by its name"};
        } else if (rank >= 0 && rank == best) {
            guess.clear = false;
        }
    }
    return guess;
}

mu_shell_guess mu_shell_guess_role(mu_shell_role role, const mu_shell_column *columns, size_t count)
{
    const mu_shell_guess guess = guess_by_name(role, columns, count, false);
    size_t times = 0, time = 0;

    if (role != MU_SHELL_TIME) {
        return guess;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_time(&columns[i])) {
            time = i;
            times++;
        }
    }
    if (times == 1) {
        return (mu_shell_guess){time, true, "the only time there is"};
    }
    return times == 0 ? guess_by_name(role, columns, count, true) : guess;
}
