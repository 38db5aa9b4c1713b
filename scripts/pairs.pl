# What is made of pairs of turns: the median of their ratios, and its interval. For scripts/versus.pl and
# scripts/cost.pl; scripts/soak.pl takes the median alone.
use strict;
use warnings;

# Of a figure, by its key: the first side of each pair ÷ the second.
sub ratios_of {
    my ( $key, $sides, @pairs ) = @_;
    my ( $one, $other ) = @$sides;
    return map { $_->{$one}{$key} / $_->{$other}{$key} } @pairs;
}

# Prints a row for each figure (its key, its title, how a value is written): both sides, their ratios and the interval.
sub print_rows {
    my ( $figures, $sides, @pairs ) = @_;
    for my $figure (@$figures) {
        my ( $key, $title, $format ) = @$figure;
        my @of = map { my $side = $_; spread( $format, map { $_->{$side}{$key} } @pairs ) } @$sides;
        my @ratios = ratios_of( $key, $sides, @pairs );
        printf "  %-16s %-32s %-32s %s  %s\n", $title, @of, spread( '%.3f', @ratios ), interval(@ratios);
    }
}

sub sorted { return sort { $a <=> $b } @_ }

sub median {
    my @of = sorted(@_);
    my $middle = int( @of / 2 );
    return @of % 2 ? $of[$middle] : ( $of[ $middle - 1 ] + $of[$middle] ) / 2;
}

sub spread {
    my ( $format, @of ) = @_;
    @of = sorted(@of);
    return sprintf "$format ($format .. $format)", median(@of), $of[0], $of[-1];
}

# The interval of the median by order statistics: the k-th least to the k-th most, with the largest k that leaves at
# least 95 %. So few pairs that not even all of them do are told with what they leave. Returns both ends and how much
# it covers, which is undefined for one pair.
sub interval_of {
    my @of = sorted(@_);
    my $count = @of;
    return ( $of[0], $of[0], undef ) if $count == 1;
    my ( $k, $outside, $chosen, $covers ) = ( 0, 0, 1, undef );
    my $term = 0.5**$count;
    while ( 2 * ( $k + 1 ) <= $count + 1 ) {
        $outside += 2 * $term;
        $term *= ( $count - $k ) / ( $k + 1 );
        $k++;
        last if defined $covers && 1 - $outside < 0.95;
        ( $chosen, $covers ) = ( $k, 1 - $outside );
    }
    return ( $of[ $chosen - 1 ], $of[ $count - $chosen ], $covers );
}

sub interval {
    my ( $least, $most, $covers ) = interval_of(@_);
    return 'one pair, no interval' unless defined $covers;
    return sprintf '[%.3f .. %.3f] %.1f %%', $least, $most, 100 * $covers;
}

1;
