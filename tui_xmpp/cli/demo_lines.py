"""What was said in the demo before it began: short exchanges, in an order of their own each time round."""

from __future__ import annotations

import random
from collections.abc import Iterator

Line = tuple[bool, str]
"""Whether the user wrote it, and the text."""
Exchange = tuple[Line, ...]

_WORK = """
Did you see the draft?
> Yes, page two needs the new figures.
I will send them after lunch.

The train is late again, start without me.
> No hurry, we wait.

> Lunch at the usual place?
12:30 is fine.
> I bring Chiara along.

The meeting moved to Thursday.
> Good, that gives us a day.
I told Dmitri, he is on the road.

> I have put the notes into the folder.
Found them, thanks.

Can you look at the third paragraph? It says the opposite of the first.
> You are right, I turned it round.
Now it reads well.

> Shall I print it?
Two copies, please.
The printer is out of paper, of course.
> There is some in the cupboard on the left.

Do you still have the keys of the small room?
> In my drawer. Chiara has the other pair.

> Who signs for the delivery tomorrow?
I am in from eight.
> Then you. It is one big box and two flat ones.

The server room is warm again.
> How warm?
27 degrees. The fan at the back stands still.
> I call the people who put it in.

> Your slides are too good, everybody asks who drew the map.
I did, with a *very* blunt pencil.

Have you got five minutes?
> In ten. Is it about the invoice?
Yes, they want the number of the order on it.
> PO-4471, I mark it in the list.

> The link in your mail does not work for me.
Try this one: https://docs.example.org/plan
> That one does.

How was the visit?
> Long. They liked the prototype and hated the colour.
Which one did you show?
> The green one. I know.

> Can I take your bicycle to the post office?
Of course. The lock sticks a little, pull and turn.

I am on the phone until three.
> Then I write it down for you: they said yes.
Really? That is wonderful.

> The coffee machine wants to be descaled.
It says so every day. Ignore it.
> It has stopped making coffee.
Then I am coming.

Would you read my letter to the city before I send it?
> Send it over.
> Shorter. Say what you want in the first line.
Done, it is half as long now.

> Did the test run overnight?
It did: 412 passed, one failed.
> The one with the clock?
The one with the clock.

I booked the 7:52, coach 12.
> I will be the one asleep.

> Are we still on for Friday?
Yes, but an hour later. Is that all right?
> Even better.

My screen has a green line in the middle.
> Unplug it, count to ten, plug it in.
It is gone. How do you know these things?
> I had a green line in 2019.

> Where do we keep the long cable?
Behind the door, under the short ones.

They asked for a second offer.
> Same price?
Same price, but with the training in it.
> Two days, then. I write it tonight.

> Somebody left a cake in the kitchen.
That was me. Birthday.
> Why does nobody tell me? Many happy returns!
Because then you would sing.

Quick question: does the form need a stamp?
> Only the copy for the archive.

> I cannot open the file, it says it is locked.
That is me, sorry. Closed it.

The new colleague starts on the first.
> Has she got a desk?
Yours, I thought.
> Very funny. The one at the window is free.

> The numbers for October are in.
And?
> Better than September, worse than we said.
So the usual.

Could you bring the projector down?
> It is heavy, help me with the door.

> I wrote the summary, eleven lines.
Eleven? The last one had four pages.
> That is why.

It is raining into the hall again.
> The bucket is where the plant was.
And the plant?
> Is happy outside.

> Remind me what the password policy is?
Nobody remembers. That is the policy.

Do you want the last seat on Tuesday?
> What is it about?
How to hold shorter meetings. It takes all day.

> I am home, the trains stopped.
Same here. See you tomorrow, if there is one.

The customer has found a mistake on page nine.
> A real one?
The units. We wrote metres.
> I correct it and thank them.

> Your mug is in the dishwasher, the blue one.
It is not mine, but thank you.

Have we got a plan B?
> We are on plan D.
> It is a good one, though.

> Do you know a good plumber?
My brother-in-law. He comes when it is dry.

I moved our appointment to the afternoon.
> Perfect, the morning is full.

> What is the name of the font on the poster?
Something with an ampersand one wants to marry.

Are you in the building?
> Third floor, following the sound of drilling.
"""

_GARDEN = """
The first tomatoes are out.
Already? Mine are still thinking about it.
South wall, and a bottle of water beside them at night.

Who has the key to the shed?
I do, it hangs behind the door again.
Inside the shed?
...yes. Give me ten minutes.

Snails have found the lettuce.
I put the copper band back.
They walk under it, I watched one.

The water butt is full after last night.
Mine runs over, somebody should open the second one.
Opened.

Can somebody water bed 7 until Sunday?
I am there on Thursday anyway.
Then I take Saturday.
You are the best.

The compost is warm: 54 degrees.
That is warmer than my flat.

We still need two pairs of gloves.
I have a pair in size 9.
And I have one left glove, twice.

There is rhubarb for everybody at the gate.
Took two, left a jar of jam instead.
I saw the jam. There is no jam any more.

A hedgehog sleeps under the pallets, please leave them.
Photo? I have never seen one here.
It snores, you cannot miss it.

Seed list: https://garden.example.org/seeds
Could we have the old beans again, the purple ones?
I kept a handful, they are yours.

The bees are calm today.
That was the smoke. Yesterday they were not.
How much honey will it be?
Eleven jars, if the weather holds.

Has anyone seen the small rake?
In the greenhouse, behind the ladder.

I am at the nursery, does anybody need anything?
Thyme, three of them! And string, please, the green one.
Done. It was the last string.

Frost tonight, they say minus two.
I covered the seedlings with the fleece.
Is there enough for bed 3?
One piece is left, hanging over the fence.

/me waters bed 7
It rained an hour ago.
/me stops watering bed 7

The wheelbarrow has a flat tyre.
I bring a patch on Saturday.
Bring two, it looks like a thorn.

How do I prune the old apple tree?
Not at all, until February.
I have already begun.
Then stop where you are and show us.

What is the tall thing with yellow flowers at the gate?
Jerusalem artichoke. It was there before all of us.

We should vote about the pond.
I am for it, frogs eat snails.
And ducks eat lettuce.
A pond without ducks, then.

The school class comes on Wednesday, 22 children.
I show them the worms.
They will want to take them home.
They may take three each.

Somebody mended the bench, thank you!
That was Sven with a piece of his old bed.

The strawberries are covered, the blackbirds are cross.
One of them sits on the net and shouts.

Does anybody have a spare watering can rose?
I have four, do not ask why.

Who is coming on Saturday?
Me, with soup.
Then I come for the soup.

Remember to close the cold frame in the evening.
Closed. There was a cat in it.
Is the cat still in it?
No comment.

The potatoes are in: three sorts, two rows each.
Which one is the blue one?
The one that looks brown.

Leaves for the compost are welcome, oak ones go to the other heap.
Why?
They take three years. We have patience, but not that much.

Good morning from the greenhouse, 19 degrees and a robin.

I have far too many courgettes.
Everybody has far too many courgettes.
There is a box on the wall, please take them. Please.
"""


def _exchanges(text: str) -> tuple[Exchange, ...]:
    return tuple(
        tuple((line.startswith("> "), line.removeprefix("> ")) for line in block.split("\n"))
        for block in text.strip().split("\n\n")
    )


WORK = _exchanges(_WORK)
"""Between the user and a colleague."""
GARDEN = _exchanges(_GARDEN)
"""In the room."""


def lines(exchanges: tuple[Exchange, ...], seed: int) -> Iterator[tuple[int, Line]]:
    """Yield lines without end, each with the number of its exchange, counted on.

    A line comes again only after at least half of all the others.
    """
    dice = random.Random(seed)
    middle = len(exchanges) // 2
    number = 0
    while True:
        for half in (exchanges[:middle], exchanges[middle:]):
            for exchange in dice.sample(half, len(half)):
                for line in exchange:
                    yield number, line
                number += 1
