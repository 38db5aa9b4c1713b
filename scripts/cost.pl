#!/usr/bin/env perl
# Tables and judgement of the turns that scripts/cost took: scripts/cost.pl FILE
# Exit code: 0 all aims hold, 1 one does not.
use strict;
use warnings;
use FindBin;
require "$FindBin::Bin/pairs.pl";

# The aims: CPU per message with ÷ without, at most. An aim holds where the interval of the median reaches down to it:
# what is above it by less than the turns differ cannot be told from it.
my %aims = ( all => 1.05, verification => 1.03 );
my @sides   = qw(with without);
my @figures = ( [ cpu => 'CPU s / million', '%.3f' ], [ rate => 'msg/s', '%.0f' ] );

die "usage: scripts/cost.pl FILE\n" unless @ARGV == 1;
my ( %turns, @order );
read_turns( $ARGV[0] );
print_table(@$_) for @order;
exit print_aims();

sub read_turns {
    my ($file) = @_;
    open my $lines, '<', $file or die "$file: $!\n";
    while (<$lines>) {
        if (s/^# ?//) { print; next }
        chomp;
        my ( $load, $part, $pair, undef, $side, $cpu, $rate ) = split /\t/;
        next if $load eq 'load';
        die "$file:$.: side '$side' is neither with nor without\n" unless $side =~ /^with(?:out)?$/;
        push @order, [ $load, $part ] unless $turns{$load}{$part};
        $turns{$load}{$part}{$pair}{$side} = { cpu => $cpu, rate => $rate };
    }
}

sub pairs {
    my ( $load, $part ) = @_;
    my $of = $turns{$load}{$part};
    return grep { $_->{with} && $_->{without} } map { $of->{$_} } sort { $a <=> $b } keys %$of;
}

sub print_table {
    my ( $load, $part ) = @_;
    my @pairs = pairs( $load, $part );
    printf "\n%s load, %s: pairs: %d, median (least .. most)\n", $load, $part, scalar @pairs;
    printf "  %-16s %-32s %-32s %s\n", '', @sides, 'with / without, and its interval';
    # A schedule's rate is what was asked.
    my @told = grep { $_->[0] eq 'cpu' || $load eq 'closed' } @figures;
    print_rows( \@told, \@sides, @pairs );
}

sub print_aims {
    my $failed = 0;
    print "\n";
    for my $one (@order) {
        my ( $load, $part ) = @$one;
        my $aim = $aims{$part} or next;
        my @ratios = ratios_of( 'cpu', \@sides, pairs( $load, $part ) );
        my ($least) = interval_of(@ratios);
        my $holds = $least <= $aim;
        printf "%-7s %-13s CPU per message %.3f %s  aim <= %.2f: %s\n", $load, $part, median(@ratios), interval(@ratios),
          $aim, $holds ? 'holds' : 'does not hold';
        $failed = 1 unless $holds;
    }
    return $failed;
}
